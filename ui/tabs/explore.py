"""The Explore tab: any model on Replicate, to be found, looked at and run."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from core import InvalidInput, PlaygroundError
from core.models.references import (
    CollectionReference,
    ModelReference,
    PredictionReference,
    Reference,
    read_reference,
)
from ui import components
from ui.bench import layout as workbench
from ui.bench.form import Form
from ui.bench.handlers import Workbench, WorkbenchHandlers, WorkbenchKind
from ui.bench.values import Held, shown_in
from ui.components import QUIET, asked
from ui.tabs.finder import Browsing, Finder
from ui.troubles import told
from ui.views.models import More
from ui.views.pieces import notice

EXPLORE = WorkbenchKind(
    name="explore",
    kind=None,
    prompt_placeholder="What the model is to make",
    heading="Nothing of this model yet",
    invitation="Fill in what it takes at the left and press Run, or use one of its examples.",
)

_TYPING_SECONDS = 0.25
"""A search waits for so long, in case another letter follows."""

_SHORT = 120

_EXAMPLE = "The example is in the form."
_PAST_RUN = "The settings of that run are in the form."


@dataclass
class Opened:
    """Under which words something was opened: what is found too late mustn't take its place.

    It changes while other events are under way, and they look at it again.
    """

    query: str | None = None
    times: int = 0

    def note(self, query: str) -> None:
        """Note that something was opened."""
        self.query = query
        self.times += 1


class Gone(NamedTuple):
    """Values for where a pasted text leads: the finder, what it shows, the form and the prompt, and
    what there is to say of it."""

    finder: Any = gr.skip()
    browsing: Any = gr.skip()
    form: Any = gr.skip()
    prompt: Any = gr.skip()
    notice: Any = gr.skip()


@dataclass(frozen=True)
class Explore:
    """The components of the tab."""

    query: gr.Textbox
    browsing: gr.State
    more: gr.State
    opened: gr.State
    bench: Workbench


@dataclass(frozen=True)
class ExploreHandlers(WorkbenchHandlers):
    """What happens in the tab; its form and its runs are a workbench's."""

    config: WorkbenchKind = EXPLORE

    @property
    def finder(self) -> Finder:
        """What looks models up."""
        return Finder(self.services)

    async def picker(self, model: str) -> str:
        """Return a model's page, or what there is to open."""
        return await (self.finder.page(model) if model else self.finder.browse(Browsing()))

    async def search(self, query: str, opened: Opened) -> tuple[Any, Any]:
        """Return what fits the words that are being typed."""
        before = opened.times
        await asyncio.sleep(_TYPING_SECONDS)
        browsing = Browsing(query=query)
        found = await self.finder.browse(browsing)
        if opened.query == query or opened.times != before:
            return gr.skip(), gr.skip()
        return found, browsing

    def note_opened(self, query: str, opened: Opened) -> None:
        """Note that something was opened."""
        opened.note(query)

    async def arrive(self, form: Form) -> tuple[Any, Any]:
        """Return what there is to open, and an empty form, when the tab is shown first."""
        if form.revision:
            return gr.skip(), gr.skip()
        return await self.choose()

    async def go(self, query: str, opened: Opened, form: Form, held: Held) -> Gone:
        """Open what was pasted, or search for it."""
        opened.note(query)
        try:
            reference = read_reference(query)
        except InvalidInput:
            browsing = Browsing(query=query)
            return Gone(finder=await self.finder.browse(browsing), browsing=browsing)
        try:
            return await self._go_to(reference, form, held)
        except PlaygroundError as error:
            return Gone(finder=await self.finder.at_hand(str(error)))

    async def load(self, event: gr.EventData, opened: Opened, form: Form, held: Held) -> Gone:
        """Open the run whose address was pasted."""
        return await self.go(asked(event, "model"), opened, form, held)

    async def open_collection(self, event: gr.EventData) -> tuple[str, Browsing]:
        """Return a collection's models."""
        browsing = Browsing(collection=asked(event, "slug"))
        return await self.finder.browse(browsing), browsing

    async def back(self, event: gr.EventData, browsing: Browsing) -> tuple[str, Browsing]:
        """Return what was there before a model, or a collection, was opened."""
        if asked(event, "at") != "page":
            browsing = Browsing()
        return await self.finder.browse(browsing), browsing

    @told
    async def favour(self, event: gr.EventData, form: Form, browsing: Browsing, more: More) -> str:
        """Make a model a favourite, or no favourite any more, and return what is shown then."""
        await self.finder.shelf.toggle(asked(event, "model").partition(":")[0])
        if asked(event, "at") == "page":
            return await self.finder.page(form.model, more)
        return await self.finder.browse(browsing)

    async def try_sample(self, event: gr.EventData, form: Form, more: More) -> Gone:
        """Put an example's input into the form."""
        wanted = asked(event, "example")
        for example in more.examples:
            if example.id == wanted:
                return await self._holding(form.model, example.input, _EXAMPLE)
        return Gone(notice=notice("This example isn't there any more.", "bad"))

    async def more(self, form: Form, known: More) -> tuple[Any, More]:
        """Return a model's page with its versions, readme and examples, and those."""
        if not form.model:
            return gr.skip(), More()
        name = form.model.partition(":")[0]
        more = known if known.model == name else await self.finder.more(name)
        return await self.finder.page(form.model, more), more

    async def _go_to(self, reference: Reference, form: Form, held: Held) -> Gone:
        match reference:
            case ModelReference(model=model):
                await self.services.jobs.describe(model)
                page, opening = await self.switch(form, shown_in(form, held), model)
                return Gone(finder=page, form=opening, notice="")
            case CollectionReference(slug=slug):
                browsing = Browsing(collection=slug)
                return Gone(finder=await self.finder.browse(browsing), browsing=browsing)
            case PredictionReference(prediction_id=prediction_id):
                past = await self.services.client.get_past_run(prediction_id)
                return await self._holding(past.model, past.input, past.notice or _PAST_RUN)

    async def _holding(self, model: str, given: Mapping[str, Any], said: str) -> Gone:
        loaded = await self.filled(model, given)
        return Gone(
            finder=loaded.picker, form=loaded.form, prompt=loaded.prompt, notice=notice(said)
        )


class ExploreStates(NamedTuple):
    """What the tab remembers for a visitor."""

    form: gr.State
    browsing: gr.State
    more: gr.State
    opened: gr.State


def states(handlers: ExploreHandlers) -> ExploreStates:
    """Return the tab's states; call it before the tabs are laid out."""
    return ExploreStates(
        workbench.state(handlers),
        gr.State(Browsing()),
        gr.State(More()),
        gr.State(Opened()),
    )


def build(handlers: ExploreHandlers, kept: ExploreStates, clock: gr.Timer) -> Explore:
    """Lay the tab out: what there is to open, or the model that is open and its workbench."""
    with gr.Column(elem_classes="explore"):
        query = gr.Textbox(
            label="Find a model",
            placeholder="Words, owner/name, or the address of a model or a prediction",
            type="text",
            elem_classes="query",
        )
        finder = components.finder(elem_id="explore-finder")
        bench = workbench.build(handlers, kept.form, clock, picker=finder)
    explore = Explore(query, kept.browsing, kept.more, kept.opened, bench)
    _wire(explore, handlers)
    return explore


def _wire(explore: Explore, handlers: ExploreHandlers) -> None:
    bench, browsing, more, opened = explore.bench, explore.browsing, explore.more, explore.opened
    finder = bench.picker
    gone = [finder, browsing, bench.form, bench.prompt, bench.notice]
    found = [finder, browsing]
    typed, told = [explore.query, opened], bench.panel.told
    explore.query.change(handlers.search, typed, found, trigger_mode="always_last", **QUIET)
    explore.query.submit(handlers.go, [*typed, *told], gone, **QUIET)
    finder.choose(handlers.note_opened, typed, None, **QUIET)
    finder.load(handlers.load, [opened, *told], gone, **QUIET)
    finder.collection(handlers.open_collection, None, found, **QUIET)
    finder.browse(handlers.back, browsing, found, **QUIET)
    finder.favourite(handlers.favour, [bench.form, browsing, more], finder, **QUIET)
    finder.example(handlers.try_sample, [bench.form, more], gone, **QUIET)
    bench.form.change(handlers.more, [bench.form, more], [finder, more], **QUIET)
    bench.form.change(handlers.shown_feed, bench.form, bench.feed, **QUIET)
    bench.form.change(prompt_box, bench.form, bench.prompt, **QUIET)


def prompt_box(form: Form) -> gr.Textbox:
    """Return the box for the prompt as the model needs it; what is in it stays."""
    if form.prompt is None:
        return gr.Textbox(visible=False)
    default = form.prompt.default if isinstance(form.prompt.default, str) else ""
    label = form.prompt.description if len(form.prompt.description) <= _SHORT else ""
    return gr.Textbox(visible=True, placeholder=default or label or EXPLORE.prompt_placeholder)
