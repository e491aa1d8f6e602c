"""The page: its tabs and the links between them, nothing else."""

import gradio as gr

from ui import chat, history, present, workbench
from ui.chat import ChatHandlers
from ui.endpoints import Endpoints, publish
from ui.history import HistoryHandlers
from ui.image import IMAGE
from ui.services import Services
from ui.video import VIDEO
from ui.workbench import WorkbenchHandlers

_CACHE_SWEEP_SECONDS = 3600
_CACHE_AGE_SECONDS = 24 * 3600
_MAX_QUEUED = 200


def build_page(services: Services) -> gr.Blocks:
    """Return the page over `services`, ready to be mounted."""
    with gr.Blocks(
        title="Replicate Playground",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(_CACHE_SWEEP_SECONDS, _CACHE_AGE_SECONDS),
    ) as demo:
        gr.HTML(present.masthead(services.backend), padding=False)
        with gr.Tabs():
            for kind, label in ((IMAGE, "Image"), (VIDEO, "Video")):
                with gr.Tab(label):
                    handlers = WorkbenchHandlers(services, kind)
                    bench = workbench.build(handlers)
                    workbench.on_load(demo, bench, handlers)
            with gr.Tab("Chat"):
                chat.build(ChatHandlers(services))
            with gr.Tab("History") as tab:
                past = HistoryHandlers(services)
                history.refresh_on(history.build(past), past, tab.select, demo.load)
        publish(Endpoints(services))
    demo.queue(api_open=False, max_size=_MAX_QUEUED, default_concurrency_limit=None)
    return demo
