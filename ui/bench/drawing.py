"""Draws the fields of one model's form inside `gr.render`; the page keeps what is in them."""

import re
from collections.abc import Sequence

import gradio as gr

from core.models.schema import Field
from ui import components
from ui.bench.boxes import boxes_of, component, is_file
from ui.bench.form import Form
from ui.components import QUIET


def draw(form: Form, held: gr.JSON, bench_id: str) -> None:
    """Draw a form, whose values the page keeps in `held` (`ui.bench.values.Held`).

    No event of the server's hangs on what is drawn here: it is gone with the next form, and with it
    the way back of whatever was asked a moment before. What stays reads `held`.
    """
    with gr.Column(elem_classes=["fields", form_class(form.model), f"revision-{form.revision}"]):
        boxes = _draw_fields(form)
        components.arrival()
    if boxes:
        tell = f"(...values) => playground.holding('{bench_id}', {form.revision}, values)"
        gr.on([box.change for box in boxes], None, boxes, held, js=tell, **QUIET)


def form_class(model: str) -> str:
    """Return the CSS class of a model's form, by which it is told from the one before."""
    return f"for-{re.sub(r'[^0-9A-Za-z]+', '-', model)}"


def _draw_fields(form: Form) -> list[gr.components.Component]:
    """Draw the boxes of all fields, and return them in their order."""
    drawn: list[gr.components.Component] = []

    def draw_all(fields: Sequence[Field]) -> None:
        for one in fields:
            if is_file(one):
                with gr.Column(elem_classes="file-field"):
                    draw_boxes(one)
            else:
                draw_boxes(one)

    def draw_boxes(one: Field) -> None:
        for box in boxes_of(one):
            value = form.values.get(box.key, box.initial)
            drawn.append(component(box, value, classes=f"field-{len(drawn)}"))

    draw_all(form.main)
    if form.advanced:
        opened = any(one.name in form.values for one in form.advanced)
        with gr.Accordion("Advanced", open=opened, elem_classes="advanced"):
            draw_all(form.advanced)
    return drawn
