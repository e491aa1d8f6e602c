"""What happens in the Chat tab: a conversation with a language model."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from core import PlaygroundError
from core.history.media import MediaStore
from core.history.records import Job, State
from core.jobs.events import TERMINAL_EVENTS, Event, Stopping, TextDelta, Waiting
from core.models.catalog import CatalogModel, models_of
from core.models.chat import Conversation, Turn, chat_input
from ui.bench.form import Form
from ui.bench.values import Held, shown_in
from ui.components import asked
from ui.live.ticking import with_ticks
from ui.services import LOCAL_OWNER, Services
from ui.tabs.asking import Asking, busy_composer, chat_model
from ui.troubles import quiet, told, told_midway
from ui.views import present
from ui.views.cards import Card, conversation_cards
from ui.views.pieces import model_picker, notice, toast

_UPDATE_SECONDS = 0.06
"""At most some sixteen updates a second, however fast the words come."""

_LISTED = 40
"""How many conversations the tab lists."""

Message = dict[str, Any]


class Talk(NamedTuple):
    """Values for the conversation on the page; `Chat.talk` are its components.

    `job_id` is that of the answer which is being written, or None; whoever sets it makes the page
    follow that answer.
    """

    chatbot: Any
    conversation: Any
    live: Any
    composer: Any
    status: Any
    job_id: Any


class Opened(NamedTuple):
    """Values that show a conversation with its settings; `Chat.opened` are their components."""

    talk: Talk
    picker: Any
    form: Any

    @property
    def values(self) -> tuple[Any, ...]:
        """All of them, one after the other."""
        return (*self.talk, *self[1:])


@dataclass(unsafe_hash=True)
class Followed:
    """Which answer a page follows; one object a page, so that its streams see what it follows."""

    job_id: str | None = field(default=None, hash=False)


@dataclass(frozen=True)
class ChatHandlers:
    """What happens in the tab; each method takes values and gives values."""

    services: Services

    @property
    def models(self) -> tuple[CatalogModel, ...]:
        """What the tab offers; the one to begin with first."""
        return models_of("chat")

    @property
    def asking(self) -> Asking:
        """What makes and reads the models' settings."""
        return Asking(self.services)

    async def choose(self, event: gr.EventData, form: Form, held: Held) -> tuple[str, Form, Any]:
        """Return the picker, the form with what was changed and the model has too, and the box."""
        model = chat_model(asked(event, "model"))
        box = gr.MultimodalTextbox(sources=await self.asking.image_sources(model.id))
        return model_picker(self.models, model.id), await self._form(model.id, form, held), box

    @told
    async def send(
        self,
        conversation: Conversation | None,
        message: dict[str, Any] | None,
        form: Form,
        held: Held,
    ) -> Talk:
        """Ask the model for the next turn."""
        text = ((message or {}).get("text") or "").strip()
        files = (message or {}).get("files") or []
        if not text:
            return _refused("Write a message first.")
        turn = Turn("user", text, tuple(Path(file) for file in files))
        before = conversation.turns if conversation is not None else ()
        if conversation is not None and not await self._is_newest(conversation):
            conversation = None  # gone on with in another tab: from here on it is one of its own
        return await self._ask(conversation, (*before, turn), form, held)

    @told
    async def retry(
        self,
        event: gr.RetryData,
        conversation: Conversation | None,
        form: Form,
        held: Held,
    ) -> Talk:
        """Ask once more for an answer, with the settings as they are now."""
        if conversation is None:
            return _refused("There is nothing to ask again.")
        turns = _up_to_question(conversation.turns, _index(event.index))
        return await self._ask(conversation, turns, form, held)

    @told
    async def edit(
        self,
        event: gr.EditData,
        conversation: Conversation | None,
        form: Form,
        held: Held,
    ) -> Talk:
        """Change a question and ask it anew; what came after it stays in the history."""
        text = str(event.value or "").strip()
        if conversation is None or not text:
            return _refused("A question can't be empty.")
        turns = _up_to_question(conversation.turns, _index(event.index))
        changed = (*turns[:-1], replace(turns[-1], text=text))
        return await self._ask(conversation, changed, form, held)

    async def try_example(
        self,
        event: gr.EventData,
        conversation: Conversation | None,
        form: Form,
        held: Held,
    ) -> tuple[Any, ...]:
        """Ask a model its example's question; return the picker and the settings as well."""
        model = chat_model(asked(event, "model"))
        form = await self._form(model.id, form, held)
        sent = await self.send(conversation, {"text": model.example}, form, None)
        if sent.job_id == gr.skip():  # refused
            return Opened(sent, gr.skip(), gr.skip()).values
        return Opened(sent, model_picker(self.models, model.id), form).values

    @told_midway
    async def stream(
        self, job_id: str | None, followed: Followed
    ) -> AsyncGenerator[tuple[Any, Any]]:
        """Yield the answer as it is written, and the status; nothing else, so that it is cheap.

        An earlier one of the same page ends: its answer goes on, but nobody looks at it.
        """
        followed.job_id = job_id
        yield _live(""), gr.skip()  # an earlier one may have written there just now
        if job_id is None:
            return
        job = await self.services.archive.get(job_id, owner=LOCAL_OWNER)
        latest: Event | None = None
        text = ""
        async with aclosing(
            with_ticks(self.services.jobs.watch(job_id, owner=LOCAL_OWNER))
        ) as events:
            async for event in events:
                if followed.job_id != job_id:
                    # Its last words may have come to the page after it was told to show none. At
                    # its end, Gradio sends a stream's last once more.
                    yield _live("") if followed.job_id is None else gr.skip(), gr.skip()
                    return
                latest = event or latest
                if isinstance(latest, TERMINAL_EVENTS) or latest is None:
                    continue
                if isinstance(event, TextDelta):
                    if not text:  # from now on its record knows when its first words came
                        job = await self.services.archive.get(job_id, owner=LOCAL_OWNER)
                    text = event.total
                    yield _live(text), notice(present.writing(job, _age_seconds(job)))
                    await asyncio.sleep(_UPDATE_SECONDS)
                elif not text or isinstance(latest, Stopping | Waiting):
                    status = f"{present.sentence(latest)} · {_age_seconds(job):.0f} s"
                    yield gr.skip(), notice(status)
        if isinstance(latest, TERMINAL_EVENTS):
            yield gr.skip(), _ended(latest.job)

    @told
    async def commit(self, conversation: Conversation | None, job_id: str | None) -> Talk:
        """Put a finished answer into its conversation, if that is the one on the page."""
        if conversation is None or job_id is None:
            return _UNCHANGED
        job = await self.services.archive.get(job_id, owner=LOCAL_OWNER)
        if job.conversation_id != conversation.id or not job.state.is_settled:
            return _UNCHANGED
        return (await self._talk(job))._replace(status=gr.skip())

    @told
    async def stop(self, job_id: str | None) -> None:
        """Cancel the answer that is being written; what came so far stays."""
        if job_id is not None:
            await self.services.jobs.cancel(job_id, owner=LOCAL_OWNER)

    async def look_again(self, event: gr.EventData) -> Talk:
        """Look again for an answer that was lost while it was asked for."""
        try:
            await self.services.jobs.look_again(asked(event), owner=LOCAL_OWNER)
            job = await self.services.archive.get(asked(event), owner=LOCAL_OWNER)
        except PlaygroundError as error:
            return _refused(str(error))
        return (await self._talk(job))._replace(composer=busy_composer(keeps_words=True))

    async def clear(self, form: Form) -> Talk:
        """Return an empty conversation; an answer that is being written goes on in its own."""
        return Talk([], None, _live(""), await self.asking.composer(form.model), "", None)

    @quiet
    async def listed(self) -> list[Card]:
        """Return the conversations, the newest first."""
        jobs = await self.services.archive.conversations(LOCAL_OWNER, limit=_LISTED)
        return conversation_cards(jobs)

    @told
    async def open(self, event: gr.EventData) -> tuple[Any, ...]:
        """Show a conversation that was listed."""
        return (await self.opened(asked(event))).values

    @told
    async def delete(
        self, event: gr.EventData, conversation: Conversation | None, form: Form
    ) -> tuple[Any, ...]:
        """Throw a whole conversation away; return a message, and an empty page if it was open."""
        jobs = await self.services.archive.conversation(LOCAL_OWNER, asked(event))
        if any(not job.state.is_settled for job in jobs):
            return (toast("An answer is still being written: stop it first."), *_UNCHANGED)
        ids = await self.services.archive.delete([job.id for job in jobs], owner=LOCAL_OWNER)
        is_open = conversation is not None and conversation.id == asked(event)
        return (toast("Deleted.", undo=ids), *(await self.clear(form) if is_open else _UNCHANGED))

    async def opened(self, conversation_id: str) -> Opened:
        """Return what shows a conversation, with the settings of its last question."""
        jobs = await self.services.archive.conversation(LOCAL_OWNER, conversation_id)
        if not jobs:
            raise gr.Error("This conversation was deleted.", print_exception=False)
        last = jobs[-1]
        picker = model_picker(self.models, chat_model(last.model).id)
        return Opened(await self._talk(last), picker, await self.asking.form_of(last))

    @quiet
    async def attach(self) -> tuple[Any, ...]:
        """Come back to an answer that is being written, when the page opens, or draw the first
        form."""
        for job in await self.services.jobs.running(LOCAL_OWNER):
            if job.conversation_id is not None:
                return (await self.opened(job.conversation_id)).values
        form = await self._form(self.models[0].id)
        box = await self.asking.composer(form.model)
        return Opened(_UNCHANGED._replace(composer=box), gr.skip(), form).values

    async def _form(self, model: str, form: Form | None = None, held: Held = None) -> Form:
        """Return a model's form, with what was changed in the one before."""
        before = Form("") if form is None else form
        return before.carried_over(await self.asking.form(model), shown_in(before, held))

    async def _ask(
        self,
        conversation: Conversation | None,
        turns: tuple[Turn, ...],
        form: Form,
        held: Held,
    ) -> Talk:
        media = self.services.media
        if conversation is not None and await self._is_busy(conversation.id):
            return _refused("An answer is being written: stop it first.")
        conversation_id = uuid.uuid4().hex if conversation is None else conversation.id
        try:
            settings = await self.asking.settings(form, held)
            system = settings.system_prompt
            asked = (Turn("system", system), *turns) if system else turns
            job_id = await self.services.jobs.submit(
                settings.model.id,
                chat_input(
                    settings.fields,
                    [_with_paths(turn, media) for turn in turns],
                    system_prompt=system,
                    settings=settings.others,
                    title=settings.model.title,
                ),
                owner=LOCAL_OWNER,
                kind="chat",
                conversation=Conversation(conversation_id, asked),
            )
            job = await self.services.archive.get(job_id, owner=LOCAL_OWNER)
        except PlaygroundError as error:
            return _refused(str(error))
        return await self._talk(job)

    async def _is_busy(self, conversation_id: str) -> bool:
        running = await self.services.jobs.running(LOCAL_OWNER)
        return any(job.conversation_id == conversation_id for job in running)

    async def _is_newest(self, conversation: Conversation) -> bool:
        """Tell whether a conversation is on the page as it was last gone on with."""
        jobs = await self.services.archive.conversation(LOCAL_OWNER, conversation.id)
        return not jobs or _whole(jobs[-1]).turns == conversation.turns

    async def _talk(self, job: Job) -> Talk:
        """Return what shows a job's conversation as it stands."""
        whole = _whole(job)
        messages = [_message(turn, self.services.media) for turn in whole.turns]
        if job.state.is_settled and whole.turns[-1].role == "user":
            # Something to be asked again: Gradio's button for that stands below an answer.
            messages.append({"role": "assistant", "content": f"*{present.sentence_of(job)}*"})
        if job.state.is_settled:
            box, status, job_id = await self.asking.composer(job.model), _ended(job), None
        else:
            box, status, job_id = busy_composer(), notice("Sending…"), job.id
        return Talk(messages, whole, _live(""), box, status, job_id)


def _age_seconds(job: Job) -> float:
    return (datetime.now(UTC) - job.created_at).total_seconds()


def _whole(job: Job) -> Conversation:
    """Return a job's conversation with its answer, as far as there is one."""
    assert job.conversation_id is not None
    answer = (Turn("assistant", job.text),) if job.text and job.state.is_settled else ()
    return Conversation(job.conversation_id, (*_spoken(job.turns), *answer))


def _spoken(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return tuple(turn for turn in turns if turn.role != "system")


def _up_to_question(turns: tuple[Turn, ...], index: int) -> tuple[Turn, ...]:
    """Return the turns up to the question that a message belongs to."""
    last = min(index, len(turns) - 1)
    while last > 0 and turns[last].role != "user":
        last -= 1
    return turns[: last + 1]


def _index(index: int | tuple[int, ...] | list[int]) -> int:
    return index if isinstance(index, int) else index[0]


def _with_paths(turn: Turn, media: MediaStore) -> Turn:
    return replace(turn, images=_paths(turn, media))


def _paths(turn: Turn, media: MediaStore) -> tuple[Path, ...]:
    """Return where a turn's images lie; those that were deleted with an earlier run are gone."""
    paths = (media.path(one) if isinstance(one, str) else one for one in turn.images)
    return tuple(path for path in paths if path.exists())


def _message(turn: Turn, media: MediaStore) -> Message:
    images = [{"path": str(path)} for path in _paths(turn, media)]
    return {"role": turn.role, "content": [*images, turn.text] if images else turn.text}


def _live(text: str) -> list[Message]:
    """Return the part that is being written.

    It is a value and no `gr.update`, for which Gradio makes the component anew, with the JSON
    schema of its messages: that took more time than all the rest of a streamed answer.
    """
    return [{"role": "assistant", "content": text}] if text else []


_UNCHANGED = Talk(*[gr.skip()] * len(Talk._fields))


def _refused(sentence: str) -> Talk:
    return _UNCHANGED._replace(status=notice(sentence, "bad"))


def _ended(job: Job) -> str:
    if job.state is State.UNCERTAIN:
        return notice("Asked again, it may be paid for twice.", "bad", lost=job.id)
    text = present.answered(job)
    return notice(text, "info" if present.tone_of(job.state) == "done" else "bad")
