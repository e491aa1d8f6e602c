"""A form's place in the page, and what outlives the forms that are drawn in it."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from core import InvalidInput
from ui import components
from ui.bench.drawing import draw
from ui.bench.form import Form
from ui.bench.marks import Marks, marks_of
from ui.bench.values import Held, shown_in
from ui.components import QUIET, asked, trigger


@dataclass(frozen=True)
class Panel:
    """The components of a form.

    Attributes:
        form: which is shown; whoever sets it has it drawn.
        held: what its boxes hold, as the page tells it (`ui.bench.values.Held`).
        marks: what marks its fields, and leads back to their defaults.
    """

    form: gr.State
    held: gr.JSON
    marks: gr.HTML

    @property
    def told(self) -> list[Any]:
        """What is in the form now: inputs of an event that reads it by `shown_in`."""
        return [self.form, self.held]

    def on_edited(self, fn: Any, inputs: list[Any], outputs: list[Any], *others: Any) -> None:
        """Call `fn` whenever a form is drawn, a person is done with a field, or `others` happen."""
        gr.on(
            [self.form.change, trigger(self.marks, "edited"), *others],
            fn,
            inputs,
            outputs,
            trigger_mode="always_last",
            **QUIET,
        )


def build(form: gr.State, bench_id: str) -> Panel:
    """Lay a form out.

    Args:
        bench_id: of the column, of the class `bench`, in which it stands.
    """
    held = gr.JSON(visible=False)

    # Left to itself it would draw at load as well. One form at a time, of all tabs: Gradio draws on
    # threads, and two that draw on one page change its blocks under each other's feet.
    @gr.render(  # type: ignore[untyped-decorator]
        inputs=form,
        triggers=[form.change],
        show_progress="hidden",
        concurrency_limit=1,
        concurrency_id="forms",
    )
    def draw_form(shown: Form) -> None:
        draw(shown, held, bench_id)

    panel = Panel(form, held, components.marks())
    panel.marks.reset(reset, panel.told, form, **QUIET)
    panel.marks.reset_all(reset_all, form, form, **QUIET)
    return panel


def marked(form: Form, held: Held) -> Marks:
    """Return the marks of what is in a form now."""
    shown = shown_in(form, held)
    try:
        problems = form.mistakes(form.read(shown))
    except InvalidInput as error:
        problems = dict(error.fields)
    return marks_of(form, shown, problems, keeps=True)


def reset(event: gr.EventData, form: Form, held: Held) -> Form:
    """Put a field back to its default."""
    return form.without(shown_in(form, held), asked(event, "field"))


def reset_all(form: Form) -> Form:
    """Put all fields back to their defaults."""
    return form.holding({})
