"""The Video tab: a workbench whose results are clips."""

from ui.bench.handlers import WorkbenchKind

VIDEO = WorkbenchKind(
    name="video",
    kind="video",
    prompt_placeholder="Waves roll onto a beach at dusk, the camera drifts to the left",
    heading="Make a clip",
    invitation="Describe a scene and how the camera moves, or begin with one of these. "
    "A picture can be the first frame.",
)
