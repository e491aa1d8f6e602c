"""What leads from one tab to another: settings back into their form, a picture into a clip."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from core import PlaygroundError
from core.history.records import Job, MediaFile
from core.models.catalog import find
from ui.actions import Actions, Shell
from ui.bench.form import Form
from ui.bench.handlers import Workbench, WorkbenchHandlers
from ui.bench.values import Held, shown_in
from ui.components import asked, trigger
from ui.tabs.chat import Chat, ChatHandlers
from ui.troubles import told
from ui.views.pieces import toast

Changes = dict[Any, Any]
"""New values by component; the others stay as they are."""


@dataclass(frozen=True)
class Bench:
    """One workbench and what happens in it."""

    parts: Workbench
    handlers: WorkbenchHandlers

    @property
    def name(self) -> str:
        """Its tab's."""
        return self.handlers.config.name


class Benches(NamedTuple):
    """The page's workbenches."""

    image: Bench
    video: Bench
    explore: Bench

    def of(self, job: Job) -> Bench:
        """Return the one that has a form for a run's model."""
        if find(job.model) is not None and job.kind in ("image", "video"):
            return self.image if job.kind == "image" else self.video
        return self.explore


@dataclass(frozen=True)
class Links:
    """Leads from results to where they are used next."""

    actions: Actions
    shell: Shell
    benches: Benches
    chat: Chat
    chat_handlers: ChatHandlers

    async def reuse(self, event: gr.EventData) -> Changes:
        """Put a run's settings back into its tab, or open its conversation."""
        job = await self.actions.job(event)
        if job.conversation_id is not None:
            opened = await self.chat_handlers.opened(job.conversation_id)
            return {**dict(zip(self.chat.opened, opened.values, strict=True)), **self._to("chat")}
        return await self._loaded(job, self.benches.of(job))

    async def use_image(self, event: gr.EventData, form: Form, held: Held) -> Changes:
        """Put a picture into the Image tab's form."""
        return await self._given(event, self.benches.image, form, held)

    async def animate(self, event: gr.EventData, form: Form, held: Held) -> Changes:
        """Make a picture the first frame in the Video tab's form."""
        return await self._given(event, self.benches.video, form, held)

    async def go_on(self, event: gr.EventData, form: Form, held: Held) -> Changes:
        """Make a clip's last frame the first one of the next."""
        job = await self.actions.job(event)
        file = _file_of(job, asked(event, "file"))
        if file is None:
            return {}
        media = self.actions.services.media
        try:
            frame = media.path(await media.last_frame(file.key, file.media_type))
        except PlaygroundError as error:
            return {self.shell.toast: toast(str(error))}
        except OSError as error:
            problem = f"The clip's last frame can't be kept: {error.strerror or error}."
            return {self.shell.toast: toast(problem)}
        return await self._taken(frame, self.benches.video, form, held)

    async def _given(self, event: gr.EventData, bench: Bench, form: Form, held: Held) -> Changes:
        file = _file_of(await self.actions.job(event), asked(event, "file"))
        if file is None:
            return {}
        picture = self.actions.services.media.path(file.key)
        return await self._taken(picture, bench, form, held)

    async def _taken(self, picture: Path, bench: Bench, form: Form, held: Held) -> Changes:
        parts = bench.parts
        taken = await bench.handlers.take_picture(form, shown_in(form, held), picture)
        into = (parts.picker, parts.form, parts.notice)
        return {**dict(zip(into, taken, strict=True)), **self._to(bench.name)}

    async def _loaded(self, job: Job, bench: Bench) -> Changes:
        loaded = await bench.handlers.loaded(job)
        parts = bench.parts
        return {
            parts.picker: loaded.picker,
            parts.prompt: loaded.prompt,
            parts.form: loaded.form,
            parts.notice: "",
            **self._to(bench.name),
        }

    def _to(self, tab: str) -> Changes:
        return {self.shell.tabs: gr.Tabs(selected=tab), self.shell.details: None}

    @property
    def _ends(self) -> list[Any]:
        benches = [one.parts for one in self.benches]
        return [
            self.shell.tabs,
            self.shell.details,
            self.shell.toast,
            *(part for one in benches for part in (one.picker, one.prompt, one.form, one.notice)),
            *self.chat.opened,
        ]

    def wire(self, *sources: gr.HTML, **quiet: Any) -> None:
        """Let cards lead on."""
        image, video = self.benches.image.parts.panel, self.benches.video.parts.panel
        ways = (
            (self.reuse, None),
            (self.use_image, image.told),
            (self.animate, video.told),
            (self.go_on, video.told),
        )
        for way, inputs in ways:
            triggers = [trigger(source, way.__name__) for source in sources]
            gr.on(triggers, told(way), inputs, self._ends, **quiet)


def _file_of(job: Job, number: str) -> MediaFile | None:
    """Return the output file that a card's button means."""
    return next((one for one in job.files if str(one.n) == number), None)
