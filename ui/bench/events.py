"""What the page tells when something is done in a workbench → what the workbench does."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from core import InvalidInput
from ui.bench.form import Form
from ui.bench.handlers import WorkbenchHandlers
from ui.bench.marks import Marks, marks_of
from ui.bench.values import Held, shown_in
from ui.components import asked
from ui.views.pieces import notice


@dataclass(frozen=True)
class WorkbenchEvents:
    """The events of one workbench; each method takes and gives its components' values."""

    handlers: WorkbenchHandlers

    async def run(
        self, request: gr.Request, form: Form, held: Held, prompt: str, text: str, told: str
    ) -> tuple[Any, ...]:
        """Start a job with what is in the form.

        Args:
            text: its input as JSON.
            told: the same as it was written there; where the two differ a person changed it, a
                moment ago, and it is the last word.
        """
        shown = shown_in(form, held)
        try:
            if text != told:
                rewritten, shown = form.from_json(text, shown)
                prompt = prompt if rewritten is None else rewritten
        except InvalidInput as error:
            return "", gr.skip(), notice(str(error), "bad"), *[gr.skip()] * 4
        started = await self.handlers.run(form, prompt, shown, visitor=request.session_hash or "")
        marks = marks_of(form, shown, started.problems)
        return started.job_id, marks, started.notice, started.clock, *started.feed

    async def refused(self, job_id: str, form: Form, held: Held) -> tuple[Any, Any]:
        """Mark what Replicate refused, when it did."""
        problems = await self.handlers.refused(job_id)
        if not problems:
            return gr.skip(), gr.skip()
        said = notice("Replicate refused the input: what is wrong is marked.", "bad")
        return marks_of(form, shown_in(form, held), problems), said

    def edited(self, form: Form, held: Held, prompt: str) -> tuple[Marks, Any, Any]:
        """Return the marks and the JSON of what is in the form now."""
        shown = shown_in(form, held)
        try:
            given = form.read(shown, prompt)
            problems = form.mistakes(given)
            text = form.to_json(shown, prompt)
        except InvalidInput as error:
            return marks_of(form, shown, error.fields, keeps=True), gr.skip(), gr.skip()
        return marks_of(form, shown, problems, keeps=True), text, text

    def rewritten(self, form: Form, held: Held, text: str, told: str) -> tuple[Any, Any, Any]:
        """Put the JSON into the form, if it was changed."""
        if text == told:
            return gr.skip(), gr.skip(), gr.skip()
        try:
            prompt, shown = form.from_json(text, shown_in(form, held))
        except InvalidInput as error:
            return gr.skip(), gr.skip(), notice(str(error), "bad")
        filled = form.holding(form.differing(shown))
        return filled, gr.skip() if prompt is None else prompt, ""

    async def switch(self, event: gr.EventData, form: Form, held: Held) -> tuple[str, Form]:
        """Open another model, with what was changed where it fits."""
        return await self.handlers.switch(form, shown_in(form, held), asked(event, "model"))

    async def try_example(
        self, event: gr.EventData, form: Form, held: Held
    ) -> tuple[str, Form, str]:
        """Open a model with its example's prompt."""
        model = asked(event, "model")
        return await self.handlers.try_example(form, shown_in(form, held), model)
