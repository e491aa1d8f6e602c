"""What can be asked of a run wherever it is shown: open it, stop it, star it, throw it away."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.history.records import Job
from ui.components import asked
from ui.services import LOCAL_OWNER, Services
from ui.troubles import told
from ui.views.cards import details
from ui.views.pieces import toast

Shown = dict[str, str] | None
"""A value for the dialog, `{key, html}`, or for the messages, `{html}`; None for nothing."""


@dataclass(frozen=True)
class Actions:
    """What a card's buttons do."""

    services: Services

    async def open(self, event: gr.EventData) -> Shown:
        """Return everything that is known of a run."""
        return details(await self.job(event), self.services.media)

    @told
    async def stop(self, event: gr.EventData) -> None:
        """Stop a run, on Replicate too."""
        await self.services.jobs.cancel(asked(event), owner=LOCAL_OWNER)

    @told
    async def look_again(self, event: gr.EventData) -> Shown:
        """Look again for what a run has made of which the answer was lost."""
        await self.services.jobs.look_again(asked(event), owner=LOCAL_OWNER)
        return toast("Looking again whether it was started.")

    async def look_again_opened(self, event: gr.EventData) -> tuple[Shown, Shown]:
        """Do the same in the dialog, and close it."""
        return None, await self.look_again(event)

    @told
    async def run_again(self, event: gr.EventData) -> Shown:
        """Run the same input as a new run, its seed included; the person knows what it may cost."""
        await self.services.jobs.run_again(asked(event), owner=LOCAL_OWNER)
        return toast("It is run again, as a new run.")

    async def run_again_opened(self, event: gr.EventData) -> tuple[Shown, Shown]:
        """Do the same in the dialog, and close it."""
        return None, await self.run_again(event)

    @told
    async def star(self, event: gr.EventData) -> None:
        """Star a run, or take its star away."""
        job = await self.job(event)
        await self.services.archive.star(job.id, owner=LOCAL_OWNER, starred=not job.starred)

    async def star_opened(self, event: gr.EventData) -> Shown:
        """Do the same in the dialog, and return what it shows then."""
        await self.star(event)
        return await self.open(event)

    @told
    async def delete(self, event: gr.EventData) -> Shown:
        """Throw a run away, and return a message with the way back."""
        job = await self.job(event)
        if not job.state.is_settled:
            return toast("It is still running: stop it first.")
        await self.services.archive.delete([job.id], owner=LOCAL_OWNER)
        return toast("Deleted.", undo=[job.id])

    async def delete_opened(self, event: gr.EventData) -> tuple[Shown, Shown]:
        """Do the same in the dialog, and close it."""
        return None, await self.delete(event)

    @told
    async def restore(self, event: gr.EventData) -> Shown:
        """Take a run, or several at once, out of the bin again."""
        job_ids = asked(event).split() or [""]
        for job_id in job_ids:
            await self._get(job_id)
        await self.services.archive.restore(job_ids, owner=LOCAL_OWNER)
        return toast("It is back.")

    async def restore_opened(self, event: gr.EventData) -> tuple[Shown, Shown]:
        """Do the same in the dialog, and close it."""
        return None, await self.restore(event)

    async def job(self, event: gr.EventData) -> Job:
        """Return the run that an event speaks of.

        Raises:
            gr.Error: there is none.
        """
        return await self._get(asked(event))

    @told
    async def _get(self, job_id: str) -> Job:
        return await self.services.archive.get(job_id, owner=LOCAL_OWNER)


@dataclass(frozen=True)
class Shell:
    """What all tabs share: the tabs themselves, the dialog, the messages."""

    tabs: gr.Tabs
    details: gr.HTML
    toast: gr.HTML


@dataclass(frozen=True)
class Refresh:
    """How one part of the page is brought up to date."""

    fn: Any
    inputs: Any
    outputs: Any


_PAID = {"trigger_mode": "once"}
"""A second click while the first is on its way isn't meant."""


def wire_cards(
    cards: gr.HTML, actions: Actions, shell: Shell, refreshes: tuple[Refresh, ...], **quiet: Any
) -> None:
    """Let a list of cards do what its buttons say."""
    quiet = {**quiet, "trigger_mode": "multiple"}  # one after the other, quickly
    cards.open(actions.open, None, shell.details, **quiet)
    cards.stop(actions.stop, None, None, **quiet)
    changes = [
        cards.star(actions.star, None, None, **quiet),
        cards.delete(actions.delete, None, shell.toast, **quiet),
        cards.restore(actions.restore, None, shell.toast, **quiet),
        cards.look_again(actions.look_again, None, shell.toast, **quiet),
        cards.run_again(actions.run_again, None, shell.toast, **quiet | _PAID),
    ]
    _refresh_after(changes, refreshes, **quiet)


def wire_shell(
    shell: Shell, actions: Actions, refreshes: tuple[Refresh, ...], **quiet: Any
) -> None:
    """Let the dialog and the messages do the same."""
    quiet = {**quiet, "trigger_mode": "multiple"}
    both = [shell.details, shell.toast]
    changes = [
        shell.details.star(actions.star_opened, None, shell.details, **quiet),
        shell.details.delete(actions.delete_opened, None, both, **quiet),
        shell.details.restore(actions.restore_opened, None, both, **quiet),
        shell.details.look_again(actions.look_again_opened, None, both, **quiet),
        shell.details.run_again(actions.run_again_opened, None, both, **quiet | _PAID),
        shell.toast.restore(actions.restore, None, shell.toast, **quiet),
    ]
    _refresh_after(changes, refreshes, **quiet)


def _refresh_after(changes: list[Any], refreshes: tuple[Refresh, ...], **quiet: Any) -> None:
    for change in changes:
        for refresh in refreshes:
            change.then(refresh.fn, refresh.inputs, refresh.outputs, **quiet)
