"""Lays a workbench out: its form at the left, its runs at the right and below."""

from typing import Any

import gradio as gr

from ui import components
from ui.bench import drawing
from ui.bench.form import Form
from ui.bench.handlers import States, Workbench, WorkbenchHandlers
from ui.components import QUIET
from ui.views.pieces import model_picker, welcome


def states(handlers: WorkbenchHandlers, clock: gr.Timer) -> States:
    """Return a workbench's states; call it before the tabs are laid out.

    Args:
        clock: how often the page asks what has changed; a run makes it ask more often.
    """
    return States(gr.State(Form(handlers.first)), gr.State(None), gr.State(None), clock)


def build(handlers: WorkbenchHandlers, kept: States, *, picker: gr.HTML | None = None) -> Workbench:
    """Lay a workbench out: its form at the left, its runs at the right and below.

    Args:
        picker: where a model is chosen, if that isn't above the form.
    """
    config = handlers.config
    name = config.name
    with gr.Column(elem_id=f"{name}-bench", elem_classes="bench"):
        with gr.Row(equal_height=False, elem_classes="halves"):
            with gr.Column(scale=5, min_width=300, elem_classes="panel"):
                if picker is None:
                    picker = components.picker(
                        model_picker(handlers.models, handlers.first), elem_id=f"{name}-model"
                    )
                prompt = gr.Textbox(
                    label="Prompt",
                    placeholder=config.prompt_placeholder,
                    lines=4,
                    max_lines=12,
                    interactive=True,
                    elem_classes="prompt-box",
                )
                components.draft(name)
                said = gr.HTML(padding=False, elem_classes="said")

                redrawn(kept.form, f"{name}-bench")

                @gr.render(**rendering(kept.form))  # type: ignore[untyped-decorator]
                def draw(form: Form) -> None:
                    drawing.draw(form, bench, handlers)

            with gr.Column(scale=8, min_width=300, elem_classes="results"):
                greeting = components.buttons(
                    welcome(config.heading, config.invitation, handlers.models),
                    "example",
                    elem_id=f"{name}-welcome",
                )
                current = components.cards(label="Runs", elem_id=f"{name}-current")
        latest = components.cards(label="Earlier results", elem_id=f"{name}-latest", layout="grid")
    bench = Workbench(picker, prompt, *kept, said, greeting, current, latest)
    return bench


def redrawn(form: gr.State, bench_id: str) -> None:
    """Tell the page when a form is about to be drawn anew; call it before `gr.render`."""
    form.change(None, js=f"() => playground.redraw('{bench_id}')", **QUIET)


def rendering(form: gr.State) -> dict[str, Any]:
    """Return how `gr.render` draws a form: whenever another one is to be shown.

    Left to itself it would draw at load as well, and what was clicked between the two would be
    gone. One form at a time, of all tabs: Gradio draws on threads, and two that draw on one page
    change its blocks under each other's feet.
    """
    return {
        "inputs": form,
        "triggers": [form.change],
        "show_progress": "hidden",
        "concurrency_limit": 1,
        "concurrency_id": "forms",
    }


def on_load(demo: gr.Blocks, bench: Workbench, handlers: WorkbenchHandlers) -> None:
    """Draw the first form when the page opens."""
    demo.load(handlers.choose, None, [bench.picker, bench.form], **QUIET)
