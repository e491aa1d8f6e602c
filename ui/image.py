"""The Image tab: a workbench whose results are pictures."""

from collections.abc import Sequence

import gradio as gr

from ui.workbench import WorkbenchKind


def _result() -> gr.Gallery:
    return gr.Gallery(
        label="Result",
        columns=2,
        object_fit="contain",
        height=560,
        interactive=False,
        elem_classes="result",
    )


def _shown(paths: Sequence[str]) -> list[str]:
    return list(paths)


IMAGE = WorkbenchKind(
    kind="image",
    prompt_placeholder="A lighthouse in a storm, painted in gouache",
    invitation="Describe a picture and press Run.",
    result=_result,
    shown=_shown,
)
