"""What leads from one tab to another: settings back into their form, a picture into a clip."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import gradio as gr

from core import PlaygroundError
from core.history.records import Job
from core.models.catalog import find
from ui.actions import Actions, Shell
from ui.bench.handlers import Workbench, WorkbenchHandlers
from ui.bench.pictures import FormPicture, file_of, last_frame_of
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

    async def use_image(self, event: gr.EventData) -> Changes:
        """Put a picture into the Image tab's form."""
        return await self._given(event, self.benches.image)

    async def animate(self, event: gr.EventData) -> Changes:
        """Make a picture the first frame in the Video tab's form."""
        return await self._given(event, self.benches.video)

    async def go_on(self, event: gr.EventData) -> Changes:
        """Make a clip's last frame the first one of the next."""
        job = await self.actions.job(event)
        file = file_of(job, asked(event, "file"))
        if file is None:
            return {}
        try:
            picture = await last_frame_of(job, file, self.actions.services.media)
        except PlaygroundError as error:
            return {self.shell.toast: toast(str(error))}
        except OSError as error:
            problem = f"The clip's last frame can't be kept: {error.strerror or error}."
            return {self.shell.toast: toast(problem)}
        return {self.benches.video.parts.incoming: picture, **self._to("video")}

    async def _given(self, event: gr.EventData, bench: Bench) -> Changes:
        job = await self.actions.job(event)
        file = file_of(job, asked(event, "file"))
        if file is None:
            return {}
        picture = FormPicture(self.actions.services.media.path(file.key))
        return {bench.parts.incoming: picture, **self._to(bench.name)}

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
            self.benches.image.parts.incoming,
            self.benches.video.parts.incoming,
            *self.chat.opened,
        ]

    def wire(self, *sources: gr.HTML, **quiet: Any) -> None:
        """Let cards lead on."""
        for asked_for in (self.reuse, self.use_image, self.animate, self.go_on):
            triggers = [trigger(source, asked_for.__name__) for source in sources]
            gr.on(triggers, told(asked_for), None, self._ends, **quiet)
