"""Lays a workbench out: its form at the left, its runs at the right and below."""

from dataclasses import dataclass

import gradio as gr

from ui import components
from ui.bench import panel
from ui.bench.events import WorkbenchEvents
from ui.bench.form import Form
from ui.bench.handlers import Workbench, WorkbenchHandlers
from ui.components import QUIET
from ui.views.pieces import model_picker, welcome


@dataclass(frozen=True)
class _Json:
    """The input as JSON, to read and to change.

    Attributes:
        told: the same as it was written there last; it is in the page, or it would be newer than
            what the page sends along with it.
    """

    fold: gr.Accordion
    text: gr.Textbox
    told: gr.Textbox


def state(handlers: WorkbenchHandlers) -> gr.State:
    """Return what remembers a workbench's form for a visitor.

    It stands outside the tabs: of a state in a tab that isn't open, Gradio tells each change twice.
    """
    return gr.State(Form(handlers.first))


def build(
    handlers: WorkbenchHandlers, form: gr.State, clock: gr.Timer, *, picker: gr.HTML | None = None
) -> Workbench:
    """Lay a workbench out: its form at the left, its runs at the right and below.

    Args:
        form: its `state`.
        clock: how often the page asks what has changed; a run makes it ask more often.
        picker: where a model is chosen, if that isn't above the form.
    """
    config = handlers.config
    name = config.name
    bench_id = f"{name}-bench"
    with gr.Column(elem_id=bench_id, elem_classes="bench"):
        with gr.Row(equal_height=False, elem_classes="halves"):
            with gr.Column(scale=5, min_width=300):
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
                fields = panel.build(form, bench_id)
                as_json = _build_json()
                with gr.Row(elem_classes="run-row"):
                    run = gr.Button(
                        "Run", variant="primary", scale=3, min_width=120, elem_classes="run"
                    )
                    stop = gr.Button("Stop", scale=1, min_width=80, elem_classes="stop")
            with gr.Column(scale=8, min_width=300, elem_classes="results"):
                greeting = components.buttons(
                    welcome(config.heading, config.invitation, handlers.models),
                    "example",
                    elem_id=f"{name}-welcome",
                )
                current = components.cards(label="Runs", elem_id=f"{name}-current")
        latest = components.cards(label="Earlier results", elem_id=f"{name}-latest", layout="grid")
    bench = Workbench(picker, prompt, fields, clock, said, greeting, current, latest)
    _wire(bench, as_json, run, stop, handlers)
    return bench


def on_load(demo: gr.Blocks, bench: Workbench, handlers: WorkbenchHandlers) -> None:
    """Draw the first form when the page opens."""
    demo.load(handlers.choose, None, [bench.picker, bench.form], **QUIET)


def _build_json() -> _Json:
    with gr.Accordion("JSON", open=False, elem_classes="advanced as-json") as fold:
        text = gr.Textbox(
            label="Input as JSON",
            info="What is sent, but for files and secrets. Change it, and the form follows.",
            lines=6,
            max_lines=24,
            interactive=True,
            elem_classes="json",
        )
    return _Json(fold, text, gr.Textbox(visible=False))


def _wire(
    bench: Workbench, as_json: _Json, run: gr.Button, stop: gr.Button, handlers: WorkbenchHandlers
) -> None:
    events = WorkbenchEvents(handlers)
    shown, marks = bench.panel, bench.panel.marks
    text, told = as_json.text, as_json.told
    settings = [bench.picker, bench.form]
    job = gr.State("")
    run.click(
        events.run,
        [*shown.told, bench.prompt, text, told],
        [job, marks, bench.notice, bench.clock, *bench.feed],
        **QUIET,
    ).then(events.refused, [job, *shown.told], [marks, bench.notice], **QUIET)
    stop.click(handlers.stop_newest, bench.form, bench.notice, **QUIET)
    shown.on_edited(
        events.edited,
        [*shown.told, bench.prompt],
        [marks, text, told],
        as_json.fold.expand,
        bench.prompt.blur,
    )
    text.blur(
        events.rewritten,
        [*shown.told, text, told],
        [bench.form, bench.prompt, bench.notice],
        **QUIET,
    )
    bench.picker.choose(events.switch, shown.told, settings, **QUIET)
    bench.welcome.example(events.try_example, shown.told, [*settings, bench.prompt], **QUIET)
