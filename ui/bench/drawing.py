"""Draws one model's form inside `gr.render`, and wires it: run, change, reset, input as JSON."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core import InvalidInput
from core.models.schema import Field
from ui import components
from ui.bench.boxes import boxes_of, component, is_file
from ui.bench.form import Form
from ui.bench.handlers import Wanted, Workbench, WorkbenchHandlers
from ui.bench.marks import Marks, marks_of
from ui.bench.pictures import FormPicture, preview
from ui.components import QUIET, asked
from ui.views.pieces import notice


def draw(form: Form, bench: Workbench, handlers: WorkbenchHandlers) -> None:
    """Draw a form with its buttons, and wire it."""
    quiet = {**QUIET, "show_progress_on": bench.clock}
    drawn = _Drawn(form, handlers)
    boxes = _draw_fields(form, quiet)
    shown = list(boxes.values())
    marks = components.marks(marks_of(form, form.shown))
    with gr.Accordion("JSON", open=bool(form.json), elem_classes="advanced as-json") as fold:
        text = gr.Textbox(
            value=form.json,
            label="Input as JSON",
            info="What is sent, but for files and secrets. Change it, and the form follows.",
            lines=6,
            max_lines=24,
            interactive=True,
            elem_classes="json",
        )
    # In the page, too, or it would be newer than what the page sends along with it.
    told = gr.Textbox(form.json, visible=False)
    # Drawn here and not beside the form: a button that is there before its listeners loses clicks.
    with gr.Row(elem_classes=["run-row", form_class(form.model)]):
        run_button = gr.Button("Run", variant="primary", scale=3, min_width=120, elem_classes="run")
        stop_button = gr.Button("Stop", scale=1, min_width=80, elem_classes="stop")
    job = gr.State("")
    prompt, settings = bench.prompt, [bench.picker, bench.form]
    filled = [bench.form, prompt]

    run_button.click(
        drawn.run,
        [bench.form, prompt, text, told, *shown],
        [job, marks, bench.notice, bench.clock, *bench.feed],
        **quiet,
    ).then(drawn.refused, [job, *shown], [marks, bench.notice], **quiet)
    stop_button.click(handlers.stop_newest, bench.form, bench.notice, **quiet)
    gr.on(
        [fold.expand, prompt.blur, *_touched(shown)],
        drawn.noted,
        [prompt, *shown],
        [marks, text, told],
        trigger_mode="always_last",
        **quiet,
    )
    text.blur(drawn.rewritten, [text, told, *shown], [*filled, bench.notice], **quiet)
    marks.reset(drawn.reset, shown, bench.form, **quiet)
    marks.reset_all(drawn.reset_all, None, bench.form, **quiet)
    if form.model:
        bench.picker.choose(drawn.switch, shown, settings, **quiet)
    bench.wanted.change(drawn.open, [bench.wanted, *shown], settings, **quiet)
    bench.welcome.example(drawn.try_example, shown, [*settings, prompt], **quiet)
    bench.incoming.change(drawn.take, [bench.incoming, *shown], [*settings, bench.notice], **quiet)


def form_class(model: str) -> str:
    """Return the CSS class of a model's buttons, by which a form is told from the one before."""
    return f"for-{re.sub(r'[^0-9A-Za-z]+', '-', model)}"


def draw_settings(form: Form, kept: gr.State, held: gr.JSON) -> None:
    """Draw a form without a prompt and buttons, whose values the page keeps in `held`.

    It keeps them as `{revision, values}`, which is read by events that outlive the form.
    """
    quiet = {**QUIET, "show_progress_on": held}
    drawn = _Marked(form)
    shown = list(_draw_fields(form, quiet).values())
    marks = components.marks(marks_of(form, form.shown))
    told = f"(...values) => ({{ revision: {form.revision}, values }})"
    gr.on([box.change for box in shown], None, shown, held, js=told, **quiet)
    gr.on(_touched(shown), drawn.marked, shown, marks, trigger_mode="always_last", **quiet)
    marks.reset(drawn.reset, shown, kept, **quiet)
    marks.reset_all(drawn.reset_all, None, kept, **quiet)


@dataclass(frozen=True)
class _Marked:
    """What happens in a form that is drawn; handlers get the values of its boxes in their order."""

    form: Form

    def marked(self, *values: Any) -> Marks:
        """Return the marks of what is in the form now."""
        shown = self._shown(values)
        try:
            problems = self.form.mistakes(self.form.read(shown))
        except InvalidInput as error:
            problems = dict(error.fields)
        return marks_of(self.form, shown, problems, keeps=True)

    def reset(self, event: gr.EventData, *values: Any) -> Form:
        """Put a field back to its default."""
        return self.form.without(self._shown(values), asked(event, "field"))

    def reset_all(self) -> Form:
        """Put all fields back to their defaults."""
        return self.form.holding({})

    def _shown(self, values: Sequence[Any]) -> dict[str, Any]:
        keys = [box.key for box in self.form.boxes]
        return dict(zip(keys, values, strict=True))


@dataclass(frozen=True)
class _Drawn(_Marked):
    """The same in a workbench, which has a prompt, the input as JSON, and runs."""

    handlers: WorkbenchHandlers

    async def run(
        self, request: gr.Request, wanted: Form, prompt: str, text: str, told: str, *values: Any
    ) -> tuple[Any, ...]:
        # Picked a moment ago, and not drawn yet: what was picked is meant.
        is_drawn = wanted.revision == self.form.revision
        shown = self._shown(values) if is_drawn else wanted.shown
        try:
            if is_drawn and text != told:  # the JSON was changed, and is still the last word
                rewritten, shown = self.form.from_json(text, shown)
                prompt = prompt if rewritten is None else rewritten
        except InvalidInput as error:
            return "", gr.skip(), notice(str(error), "bad"), *[gr.skip()] * 4
        started = await self.handlers.run(wanted, prompt, shown, visitor=request.session_hash or "")
        marks = marks_of(wanted, shown, started.problems)
        return started.job_id, marks, started.notice, started.clock, *started.feed

    async def refused(self, job_id: str, *values: Any) -> tuple[Any, Any]:
        """Mark what Replicate refused, when it did."""
        problems = await self.handlers.refused(job_id)
        if not problems:
            return gr.skip(), gr.skip()
        said = notice("Replicate refused the input: what is wrong is marked.", "bad")
        return marks_of(self.form, self._shown(values), problems), said

    def noted(self, prompt: str, *values: Any) -> tuple[Marks, Any, Any]:
        """Return the marks and the JSON of what is in the form now."""
        shown = self._shown(values)
        try:
            given = self.form.read(shown, prompt)
            problems = self.form.mistakes(given)
            text = self.form.to_json(shown, prompt)
        except InvalidInput as error:
            return marks_of(self.form, shown, error.fields, keeps=True), gr.skip(), gr.skip()
        return marks_of(self.form, shown, problems, keeps=True), text, text

    def rewritten(self, text: str, told: str, *values: Any) -> tuple[Any, Any, Any]:
        """Put the JSON into the form, if it was changed."""
        if text == told:
            return gr.skip(), gr.skip(), gr.skip()
        try:
            prompt, shown = self.form.from_json(text, self._shown(values))
        except InvalidInput as error:
            return gr.skip(), gr.skip(), notice(str(error), "bad")
        form = self.form.holding(self.form.differing(shown), json=text)
        return form, gr.skip() if prompt is None else prompt, ""

    async def switch(self, event: gr.EventData, *values: Any) -> tuple[str, Form]:
        return await self.handlers.switch(self.form, self._shown(values), asked(event, "model"))

    async def open(self, wanted: Wanted | None, *values: Any) -> tuple[Any, Any]:
        return await self.handlers.open(self.form, self._shown(values), wanted)

    async def try_example(self, event: gr.EventData, *values: Any) -> tuple[str, Form, str]:
        model = asked(event, "model")
        return await self.handlers.try_example(self.form, self._shown(values), model)

    async def take(self, picture: FormPicture | None, *values: Any) -> tuple[Any, Any, str]:
        return await self.handlers.take_picture(self.form, self._shown(values), picture)


def _draw_fields(form: Form, quiet: Mapping[str, Any]) -> Mapping[str, gr.components.Component]:
    """Draw the boxes of all fields, and return them by their keys."""
    drawn: dict[str, gr.components.Component] = {}

    def draw_all(fields: Sequence[Field]) -> None:
        for one in fields:
            if is_file(one):
                with gr.Column(elem_classes="file-field"):
                    draw_boxes(one)
                _preview(one, [drawn[box.key] for box in boxes_of(one)], form, quiet)
            else:
                draw_boxes(one)

    def draw_boxes(one: Field) -> None:
        for box in boxes_of(one):
            value = form.values.get(box.key, box.initial)
            drawn[box.key] = component(box, value, classes=f"field-{len(drawn)}")

    draw_all(form.main)
    if form.advanced:
        opened = any(one.name in form.values for one in form.advanced)
        with gr.Accordion("Advanced", open=opened, elem_classes="advanced"):
            draw_all(form.advanced)
    return drawn


def _preview(
    one: Field, boxes: Sequence[gr.components.Component], form: Form, quiet: Mapping[str, Any]
) -> None:
    """Show what is in a file's boxes below them."""

    def shown(upload: Any, addresses: str) -> str:
        return preview(upload, addresses, kind=one.media)

    values = [form.values.get(box.key, box.initial) for box in boxes_of(one)]
    small = gr.HTML(shown(*values), padding=False)
    changes = [box.change for box in boxes[:1]] + [box.blur for box in boxes[1:]]
    gr.on(changes, shown, list(boxes), small, **quiet)


def _touched(boxes: Sequence[gr.components.Component]) -> list[Any]:
    """Return the events by which a person is done with a box."""
    events = []
    for box in boxes:
        match box:
            case gr.Textbox():
                events.append(box.blur)
            case gr.Slider():
                events += [box.release, box.input]
            case gr.File():
                events.append(box.change)
            case _:
                events.append(box.input)
    return events
