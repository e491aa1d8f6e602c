"""The tab in which one kind of model is tried: its form, Run and Stop, and the runs beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

import gradio as gr

from core import PlaygroundError
from core.history.records import Job
from core.jobs.intents import hidden_fields, restored
from core.models.catalog import CatalogModel, Kind, find, models_of
from ui import components
from ui.components import QUIET, asked
from ui.feed import Feed, Runs
from ui.form import Form, component, initial_value, media_kind, shown_value
from ui.live import BUSY_SECONDS
from ui.pictures import FormPicture, preview
from ui.pieces import model_picker, notice, welcome
from ui.services import LOCAL_OWNER, Services
from ui.troubles import quiet, told

_numbers = count(1)


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
    """The components of one tab.

    `incoming` is a picture on its way into the form, from a result of this tab or another; `wanted`
    is what is to be opened next.
    """

    picker: gr.HTML
    prompt: gr.Textbox
    form: gr.State
    incoming: gr.State
    wanted: gr.State
    clock: gr.Timer
    notice: gr.HTML
    welcome: gr.HTML
    current: gr.HTML
    latest: gr.HTML

    @property
    def feed(self) -> list[gr.HTML]:
        """Where the tab's runs are shown."""
        return [self.welcome, self.current, self.latest]


@dataclass(frozen=True)
class Wanted:
    """What is to be opened in a workbench; each is different from the one before.

    Attributes:
        input: what the form is to hold, exactly; what the person changed stays when None.
    """

    model: str
    input: Mapping[str, Any] | None = field(default=None, hash=False)
    number: int = field(default_factory=lambda: next(_numbers))


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

    async def open(
        self, form: Form, shown: Mapping[str, Any], wanted: Wanted | None
    ) -> tuple[Any, Any, Any]:
        """Return the picker, form and prompt of what is wanted."""
        if wanted is None:
            return gr.skip(), gr.skip(), gr.skip()
        if wanted.input is None:
            return *await self._picked(form, wanted.model, shown), gr.skip()
        loaded = await self.filled(wanted.model, wanted.input)
        return loaded.picker, loaded.form, loaded.prompt

    async def switch(self, form: Form, shown: Mapping[str, Any], model: str) -> tuple[str, Form]:
        """Return the same for another model, keeping what the person changed where it fits."""
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
    ) -> tuple[Any, ...]:
        """Start a job; return what there is to say of it, how soon to ask for news, and the feed.

        Args:
            form: what is drawn.
            prompt: what is written above it.
            shown: the form's values by field.
            visitor: whose page it is; in the queue, pages take turns.
        """
        if form.takes_prompt and not (prompt or "").strip():
            return _said(notice(_NO_PROMPT, "bad"))
        try:
            given = {"prompt": prompt} if form.takes_prompt else {}
            await self.services.jobs.submit(
                form.model,
                {**given, **form.read(shown)},
                owner=LOCAL_OWNER,
                kind=self.config.kind,
                lane=f"{self.config.name}/{visitor}",
            )
            return ("", gr.Timer(BUSY_SECONDS), *await self.feed(form).shown())
        except PlaygroundError as error:
            return _said(notice(str(error), "bad"))

    @told
    async def stop_newest(self, form: Form) -> str:
        """Stop the run that was started last."""
        job = await self.feed(form).newest_running()
        if job is None:
            return notice("Nothing is running here.")
        await self.services.jobs.cancel(job.id, owner=LOCAL_OWNER)
        return ""

    async def take_picture(
        self, form: Form, shown: Mapping[str, Any], picture: FormPicture | None
    ) -> tuple[Any, Any, str]:
        """Return the picker and form with a picture in it, of another model if need be."""
        if picture is None:
            return gr.skip(), gr.skip(), ""
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
            value = [str(picture.path)] if field.type == "files" else str(picture.path)
            filled = carried.holding({**carried.values, field.name: value})
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
        values = {
            field.name: shown_value(field, given[field.name])
            for field in other.fields
            if field.name in given and field.name not in hidden
        }
        return Loaded(
            await self.picker(model),
            str(given.get("prompt", "")) if other.takes_prompt else "",
            other.holding(values),
        )

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
            return Form(model)
        return Form.of(model, schema, find(model))


_NO_PROMPT = "Describe what you want in the prompt, then run."

_PICTURE_FIELDS = ("image", "input_image", "image_input", "input_images", "images", "image_prompt")
"""What models call the picture that they start from."""

_EDITED_FIELDS = ("image", "input_image", "image_input", "input_images", "images")
"""Those by which a model changes a picture, and isn't only led by it."""


class States(NamedTuple):
    """What a workbench remembers for a visitor.

    They stand outside the tabs: of a state in a tab that isn't open, Gradio tells each change
    twice.
    """

    form: gr.State
    incoming: gr.State
    wanted: gr.State
    clock: gr.Timer


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
    with gr.Column(elem_classes="bench"):
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

                # Left to itself it would draw at load as well, and what was clicked between the
                # two would be gone. One form at a time, of all tabs: Gradio draws on threads, and
                # two that draw on one page change its blocks under each other's feet.
                @gr.render(  # type: ignore[untyped-decorator]
                    inputs=kept.form,
                    triggers=[kept.form.change],
                    show_progress="hidden",
                    concurrency_limit=1,
                    concurrency_id="forms",
                )
                def draw(form: Form) -> None:
                    _draw(form, bench, handlers)

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


def on_load(demo: gr.Blocks, bench: Workbench, handlers: WorkbenchHandlers) -> None:
    """Draw the first form when the page opens."""
    demo.load(handlers.choose, None, [bench.picker, bench.form], **QUIET)


def _draw(form: Form, bench: Workbench, handlers: WorkbenchHandlers) -> None:
    fields = _draw_fields(form)
    # Drawn here and not beside the form: a button that is there before its listeners loses clicks.
    with gr.Row(elem_classes=["run-row", f"for-{form.model.replace('/', '--')}"]):
        run_button = gr.Button("Run", variant="primary", scale=3, min_width=120, elem_classes="run")
        stop_button = gr.Button("Stop", scale=1, min_width=80)
    shown = list(fields.values())
    settings = [bench.picker, bench.form]

    def by_name(values: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(fields, values, strict=True))

    async def run(request: gr.Request, wanted: Form, prompt: str, *values: Any) -> tuple[Any, ...]:
        # Picked a moment ago, and not drawn yet: what was picked is meant.
        is_drawn = wanted.revision == form.revision
        shown = by_name(values) if is_drawn else wanted.shown
        return await handlers.run(wanted, prompt, shown, visitor=request.session_hash or "")

    async def switch(event: gr.EventData, *values: Any) -> tuple[str, Form]:
        return await handlers.switch(form, by_name(values), asked(event, "model"))

    async def open_wanted(wanted: Wanted | None, *values: Any) -> tuple[Any, Any, Any]:
        return await handlers.open(form, by_name(values), wanted)

    async def try_example(event: gr.EventData, *values: Any) -> tuple[str, Form, str]:
        return await handlers.try_example(form, by_name(values), asked(event, "model"))

    async def take(picture: FormPicture | None, *values: Any) -> tuple[Any, Any, str]:
        return await handlers.take_picture(form, by_name(values), picture)

    run_button.click(
        run, [bench.form, bench.prompt, *shown], [bench.notice, bench.clock, *bench.feed], **QUIET
    )
    stop_button.click(handlers.stop_newest, bench.form, bench.notice, **QUIET)
    bench.picker.choose(switch, shown, settings, **QUIET)
    bench.wanted.change(open_wanted, [bench.wanted, *shown], [*settings, bench.prompt], **QUIET)
    bench.welcome.example(try_example, shown, [*settings, bench.prompt], **QUIET)
    bench.incoming.change(take, [bench.incoming, *shown], [*settings, bench.notice], **QUIET)


def _draw_fields(form: Form) -> dict[str, gr.components.Component]:
    drawn = {}

    def draw(fields: tuple[Any, ...]) -> None:
        for one in fields:
            value = form.values.get(one.name, initial_value(one))
            box = component(one, value, key=(form.revision, one.name))
            drawn[one.name] = box
            if isinstance(box, gr.File) and media_kind(one) == "image":
                small = gr.HTML(preview(value), padding=False)
                box.change(preview, box, small, **QUIET)

    draw(form.main)
    if form.advanced:
        opened = any(one.name in form.values for one in form.advanced)
        with gr.Accordion("Advanced", open=opened, elem_classes="advanced"):
            draw(form.advanced)
    return drawn


def _said(words: str) -> tuple[Any, ...]:
    return (words, gr.skip(), *[gr.skip()] * len(Runs._fields))


def _title(model: str) -> str:
    curated = find(model)
    return model if curated is None else curated.title
