"""What can be asked of a run wherever it is shown: open it, stop it, star it, throw it away."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.history.records import Job
from ui.components import asked, trigger
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
    """How a part of the page is brought up to date: `fn` gets what `inputs` hold."""

    fn: Callable[..., Awaitable[Any]]
    inputs: Sequence[Any]
    outputs: Sequence[Any]

    @classmethod
    def of_all(cls, parts: Sequence["Refresh"]) -> "Refresh":
        """Return how several parts are brought up to date at once."""

        async def refresh(*values: Any) -> list[Any]:
            left = iter(values)
            shown: list[Any] = []
            for part in parts:
                shown += await part.values(*(next(left) for _ in part.inputs))
            return shown

        inputs = [one for part in parts for one in part.inputs]
        return cls(refresh, inputs, [one for part in parts for one in part.outputs])

    async def values(self, *given: Any) -> Sequence[Any]:
        """Return a value for each of `outputs`."""
        value = await self.fn(*given)
        if value == gr.skip():
            return [value] * len(self.outputs)
        return [value] if len(self.outputs) == 1 else value


_PAID = {"trigger_mode": "once"}
"""A second click while the first is on its way isn't meant."""


def wire(
    lists: Sequence[gr.HTML], actions: Actions, shell: Shell, refresh: Refresh, **quiet: Any
) -> None:
    """Let the cards of all lists, the dialog and the messages do what their buttons say."""
    quiet = {**quiet, "trigger_mode": "multiple"}  # one after the other, quickly
    opened, said = shell.details, shell.toast
    both = [opened, said]

    def on_cards(event: str, fn: Any, outputs: Any, **how: Any) -> Any:
        return gr.on([trigger(cards, event) for cards in lists], fn, None, outputs, **quiet | how)

    on_cards("open", actions.open, opened)
    on_cards("stop", actions.stop, None)
    opened.stop(actions.stop, None, None, **quiet).then(lambda: None, None, opened, **quiet)
    changes = [
        on_cards("star", actions.star, None),
        on_cards("delete", actions.delete, said),
        on_cards("restore", actions.restore, said),
        on_cards("look_again", actions.look_again, said),
        on_cards("run_again", actions.run_again, said, **_PAID),
        opened.star(actions.star_opened, None, opened, **quiet),
        opened.delete(actions.delete_opened, None, both, **quiet),
        opened.restore(actions.restore_opened, None, both, **quiet),
        opened.look_again(actions.look_again_opened, None, both, **quiet),
        opened.run_again(actions.run_again_opened, None, both, **quiet | _PAID),
        said.restore(actions.restore, None, said, **quiet),
    ]
    for change in changes:
        change.then(refresh.fn, refresh.inputs, refresh.outputs, **quiet)
