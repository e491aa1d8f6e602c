"""A workbench, in which a model is tried: its parts, and what happens in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from core import InvalidInput, PlaygroundError
from core.history.records import Job
from core.jobs.intents import hidden_fields, restored
from core.models.catalog import CatalogModel, Kind, find, models_of
from ui.bench.boxes import held
from ui.bench.form import Form
from ui.bench.panel import Panel
from ui.live.changes import BUSY_SECONDS
from ui.live.feed import Feed, Runs
from ui.services import LOCAL_OWNER, Services
from ui.troubles import quiet, told
from ui.views.pieces import model_picker, notice


@dataclass(frozen=True)
class WorkbenchKind:
    """What makes one workbench differ from another.

    Attributes:
        name: its tab's, and what its parts' ids begin with.
        kind: what its models make; anything when None.
    """

    name: str
    kind: Kind | None
    prompt_placeholder: str
    heading: str
    invitation: str


@dataclass(frozen=True)
class Workbench:
    """The components of one tab."""

    picker: gr.HTML
    prompt: gr.Textbox
    panel: Panel
    clock: gr.Timer
    notice: gr.HTML
    welcome: gr.HTML
    current: gr.HTML
    latest: gr.HTML

    @property
    def form(self) -> gr.State:
        """Which form is shown."""
        return self.panel.form

    @property
    def feed(self) -> list[gr.HTML]:
        """Where the tab's runs are shown."""
        return [self.welcome, self.current, self.latest]


class Started(NamedTuple):
    """What came of pressing Run.

    Attributes:
        job_id: the job's, or "" where none was started.
        problems: one sentence for each field that is wrong, by its name.
        notice: what there is to say.
        clock: how soon the page asks for news.
        feed: the runs, as they stand then.
    """

    job_id: str = ""
    problems: Mapping[str, str] = {}
    notice: str = ""
    clock: Any = gr.skip()
    feed: tuple[Any, ...] = (gr.skip(),) * len(Runs._fields)


class Loaded(NamedTuple):
    """Values for a workbench's model, prompt and form."""

    picker: Any
    prompt: Any
    form: Any


@dataclass(frozen=True)
class WorkbenchHandlers:
    """What happens in one workbench; each method takes values and gives values."""

    services: Services
    config: WorkbenchKind

    @property
    def models(self) -> tuple[CatalogModel, ...]:
        """The curated models that the tab offers; the one to begin with first."""
        return () if self.config.kind is None else models_of(self.config.kind)

    @property
    def first(self) -> str:
        """The model to begin with; "" where one has to be chosen first."""
        return self.models[0].id if self.models else ""

    def feed(self, form: Form) -> Feed:
        """Return the runs that are shown beside a form."""
        if self.config.kind is None:
            return Feed.of(self.services, form.model)
        return Feed(self.services, self.config.kind)

    @quiet
    async def shown_feed(self, form: Form) -> Runs:
        """Return the runs that are shown beside a form, as they stand."""
        return await self.feed(form).shown()

    async def picker(self, model: str) -> str:
        """Return the choice of a model, with one chosen."""
        return model_picker(self.models, model)

    async def choose(self) -> tuple[str, Form]:
        """Return the picker and the form of the model to begin with."""
        return await self._picked(Form(""), self.first)

    async def switch(self, form: Form, shown: Mapping[str, Any], model: str) -> tuple[str, Form]:
        """Return picker and form for another model, keeping what was changed where it fits."""
        return await self._picked(form, model, shown)

    async def try_example(
        self, form: Form, shown: Mapping[str, Any], model: str
    ) -> tuple[str, Form, str]:
        """Return the same for a model's example, and the example's prompt."""
        curated = find(model)
        if curated is None:
            raise gr.Error("There is no such example.", print_exception=False)
        return *await self._picked(form, model, shown), curated.example

    async def run(
        self, form: Form, prompt: str | None, shown: Mapping[str, Any], *, visitor: str = ""
    ) -> Started:
        """Start a job.

        Args:
            form: what is drawn.
            prompt: what is written above it.
            shown: what the form's boxes hold.
            visitor: whose page it is; in the queue, pages take turns.
        """
        if not form.revision:  # the page wasn't told yet with which form it begins
            _, form = await self._picked(form, form.model)
        if form.prompt is not None and form.prompt.required and not (prompt or "").strip():
            return Started(problems={"prompt": _NO_PROMPT}, notice=notice(_NO_PROMPT, "bad"))
        try:
            job_id = await self.services.jobs.submit(
                form.model,
                form.read(shown, prompt),
                owner=LOCAL_OWNER,
                kind=self.config.kind,
                lane=f"{self.config.name}/{visitor}",
            )
            feed = await self.feed(form).shown()
        except PlaygroundError as error:
            problems = error.fields if isinstance(error, InvalidInput) else {}
            return Started(problems=problems, notice=notice(str(error), "bad"))
        return Started(job_id, clock=gr.Timer(BUSY_SECONDS), feed=feed)

    @quiet
    async def refused(self, job_id: str) -> Mapping[str, str]:
        """Return what Replicate refused of a job's input: a sentence for each field."""
        if not job_id:
            return {}
        return {
            one.field.removeprefix("input.").partition(".")[0]: one.description
            for one in await self.services.jobs.refused(job_id)
        }

    @told
    async def stop_newest(self, form: Form) -> str:
        """Stop the run that was started last."""
        job = await self.feed(form).newest_running()
        if job is None:
            return notice("Nothing is running here.")
        await self.services.jobs.cancel(job.id, owner=LOCAL_OWNER)
        return ""

    async def take_picture(
        self, form: Form, shown: Mapping[str, Any], picture: Path
    ) -> tuple[Any, Any, str]:
        """Return the picker and form with a picture in it, of another model if need be, and what
        there is to say of it."""
        for model in (form.model, *(one.id for one in self.models)):
            other = await self._form(model)
            if model == form.model and not other.fields:
                other = form
            carried = form.carried_over(other, shown)
            curated = find(model)
            start = curated.start_image if curated else None
            field = carried.image_field(start, *_PICTURE_FIELDS)
            if field is None:
                continue
            if model != form.model and field.name not in (start, *_EDITED_FIELDS):
                continue
            given = [picture] if field.type == "files" else picture
            filled = carried.holding(carried.differing({**carried.values, **held(field, given)}))
            said = f"The picture is in “{field.title}”."
            if model != form.model:
                said = f"{_title(form.model)} takes no picture: this is {_title(model)} now. {said}"
            return await self.picker(model), filled, notice(said)
        return gr.skip(), gr.skip(), notice("None of these models takes a picture.", "bad")

    async def loaded(self, job: Job) -> Loaded:
        """Return what shows the settings of a run, exactly as they were."""
        return await self.filled(job.model, restored(job, self.services.media))

    async def filled(self, model: str, given: Mapping[str, Any]) -> Loaded:
        """Return what shows a model with an input, exactly."""
        other = await self._form(model)
        hidden = hidden_fields(given)
        known = {name: value for name, value in given.items() if name not in hidden}
        prompt = str(given.get("prompt", "")) if other.takes_prompt else ""
        return Loaded(await self.picker(model), prompt, other.filled(known))

    async def _picked(
        self, form: Form, model: str, shown: Mapping[str, Any] | None = None
    ) -> tuple[str, Form]:
        other = await self._form(model)
        return await self.picker(model), form.carried_over(other, shown or {})

    async def _form(self, model: str) -> Form:
        if not model:
            return Form("")
        try:
            schema = await self.services.jobs.schema(model)
        except PlaygroundError as error:
            gr.Warning(f"This model's settings can't be shown: {error}")
            return Form.of(model, None)
        return Form.of(model, schema, find(model))


_NO_PROMPT = "Describe what you want in the prompt, then run."

_PICTURE_FIELDS = ("image", "input_image", "image_input", "input_images", "images", "image_prompt")
"""What models call the picture that they start from."""

_EDITED_FIELDS = ("image", "input_image", "image_input", "input_images", "images")
"""Those by which a model changes a picture, and isn't only led by it."""


def _title(model: str) -> str:
    curated = find(model)
    return model if curated is None else curated.title
