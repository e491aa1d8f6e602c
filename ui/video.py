"""The Video tab: a workbench whose results are clips."""

from collections.abc import Sequence

import gradio as gr

from ui.workbench import WorkbenchKind


def _result() -> gr.Video:
    return gr.Video(label="Result", height=480, interactive=False, elem_classes="result")


def _shown(paths: Sequence[str]) -> str | None:
    return next(iter(paths), None)


VIDEO = WorkbenchKind(
    kind="video",
    prompt_placeholder="Waves roll onto a beach at dusk, the camera drifts to the left",
    invitation="Describe a scene and press Run.",
    result=_result,
    shown=_shown,
)
