"""The Image tab: a workbench whose results are pictures."""

from collections.abc import Sequence

import gradio as gr

from ui.workbench import WorkbenchKind


def _result() -> gr.Gallery:
    return gr.Gallery(
        label="Result",
        object_fit="contain",
        buttons=["download", "fullscreen"],
        height=560,
        interactive=False,
        elem_classes="result",
    )


def _shown(paths: Sequence[str]) -> gr.Gallery:
    # The first one opened: only then the whole of it is seen, whatever its shape.
    return gr.Gallery(value=list(paths), selected_index=0)


IMAGE = WorkbenchKind(
    kind="image",
    prompt_placeholder="A lighthouse in a storm, painted in gouache",
    invitation="Describe a picture and press Run.",
    result=_result,
    shown=_shown,
)
