"""The Image tab: a workbench whose results are pictures."""

from ui.bench.handlers import WorkbenchKind

IMAGE = WorkbenchKind(
    name="image",
    kind="image",
    prompt_placeholder="A lighthouse in a storm, painted in gouache",
    heading="Make a picture",
    invitation="Describe it at the left and press Run, or begin with one of these.",
)
