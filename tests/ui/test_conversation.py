"""A conversation with a model: whole when it is asked, kept as it was, and never lost."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core.emulator import Emulator, Fault
from core.emulator.models import RUNNERS
from core.emulator.runner import Context, Step, Token
from core.history.records import Job, State
from core.jobs.events import TextDelta
from core.models.chat import Conversation
from tests.core.jobs.world import CREATE, a_png
from tests.ui.world import (
    CLAUDE,
    GPT,
    LLAMA,
    begun,
    ended,
    event,
    open_services,
    seen,
    shown_choice,
)
from ui.conversation import Asked, ChatHandlers, Opened
from ui.services import LOCAL_OWNER, Services

SETTINGS = (LLAMA, "", 0.7, 1024)
ROLES = ("user", "assistant")
NO_CREDIT = '{"title": "Insufficient credit", "detail": "You have no credit left.", "status": 402}'


@dataclass
class Talk:
    """The Chat tab in a browser: what it shows, and what it gives back to the handlers."""

    handlers: ChatHandlers
    settings: tuple[Any, ...] = SETTINGS
    chatbot: Any = field(default_factory=list)
    conversation: Conversation | None = None
    job_id: str | None = None
    status: str = ""
    live: Any = None

    def took(self, asked: Asked) -> None:
        self.chatbot = asked.chatbot
        self.conversation = asked.conversation
        self.status = asked.status
        self.job_id = asked.job_id

    async def begin(self, text: str, *files: Path) -> str:
        """Send a message; return the id of the job that answers it."""
        message = {"text": text, "files": [str(path) for path in files]}
        self.took(await self.handlers.send(self.conversation, message, *self.settings))
        assert self.job_id is not None, self.status
        return self.job_id

    async def finish(self) -> Job:
        """See the answer as it is written, and keep it."""
        job_id = self.job_id
        assert job_id is not None
        async for live, status in self.handlers.stream(job_id):
            self.live = self.live if live == gr.skip() else live
            self.status = status
        committed = await self.handlers.commit(self.conversation, job_id)
        self.chatbot, self.conversation, self.live, _, self.job_id = committed
        return await self.handlers.services.archive.get(job_id)

    async def say(self, text: str, *files: Path) -> Job:
        """Send a message, wait for the answer and keep it."""
        await self.begin(text, *files)
        return await self.finish()

    @property
    def spoken(self) -> list[tuple[str, Any]]:
        """What is shown: who said what."""
        return [(message["role"], message["content"]) for message in self.chatbot]


@pytest.fixture
def talk(services: Services) -> Talk:
    return Talk(ChatHandlers(services))


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(a_png())
    return path


def asked_last(emulator: Emulator) -> dict[str, Any]:
    """Return the input that the model was asked with last."""
    given: dict[str, Any] = emulator.predictions[0]["input"]
    return given


def retried(index: int) -> gr.RetryData:
    return gr.RetryData(None, {"index": index, "value": ""})


def edited(index: int, value: str) -> gr.EditData:
    return gr.EditData(None, {"index": index, "previous_value": "", "value": value})


async def test_an_answer_joins_the_conversation_once_it_is_whole(talk: Talk) -> None:
    await talk.begin("What is tea?")
    assert talk.spoken == [("user", "What is tea?")]
    assert "Sending…" in talk.status

    job = await talk.finish()

    assert job.state is State.SUCCEEDED
    assert job.text
    assert talk.spoken == [("user", "What is tea?"), ("assistant", job.text)]
    assert talk.live == gr.update(value=[], visible=False)
    assert talk.job_id is None
    assert "tokens" in talk.status


async def test_the_answer_is_shown_while_it_is_written(
    talk: Talk, go_on: threading.Event, services: Services
) -> None:
    go_on.clear()
    job_id = await talk.begin("What is tea?")

    async with aclosing(talk.handlers.stream(job_id)) as updates:
        shown = ""
        while not shown:
            live, status = await anext(updates)
            if live != gr.skip():
                shown = live["value"][0]["content"]

    assert live["visible"] is True
    assert "Writing" in status
    go_on.set()
    job = await ended(services, job_id)
    assert job.text is not None
    assert job.text.startswith(shown)
    assert len(job.text) > len(shown)


async def test_a_model_that_takes_a_prompt_is_asked_with_the_whole_conversation(
    talk: Talk, emulator: Emulator
) -> None:
    first = await talk.say("What is tea?")
    second = await talk.say("And coffee?")
    third = await talk.say("Which is older?")

    assert asked_last(emulator)["prompt"] == "\n\n".join(
        [
            "User: What is tea?",
            f"Assistant: {first.text}",
            "User: And coffee?",
            f"Assistant: {second.text}",
            "User: Which is older?",
            "Assistant:",
        ]
    )
    assert [role for role, _ in talk.spoken] == [*ROLES, *ROLES, *ROLES]
    assert {job.conversation_id for job in (first, second, third)} == {first.conversation_id}


async def test_a_model_that_takes_messages_is_asked_with_all_of_them(
    talk: Talk, emulator: Emulator
) -> None:
    talk.settings = (GPT, "Be brief.", 0.7, 300)
    first = await talk.say("What is tea?")

    await talk.say("And coffee?")

    given = asked_last(emulator)
    assert given["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is tea?"},
        {"role": "assistant", "content": first.text},
        {"role": "user", "content": "And coffee?"},
    ]
    assert given["max_completion_tokens"] == 300


async def test_the_settings_are_those_that_are_shown(talk: Talk, emulator: Emulator) -> None:
    talk.settings = (LLAMA, "  Be brief. ", 0.25, 77.0)

    await talk.say("What is tea?")

    given = asked_last(emulator)
    assert given["prompt"] == "Be brief.\n\nWhat is tea?"
    assert (given["temperature"], given["max_tokens"]) == (0.25, 77)


@pytest.mark.parametrize("message", [None, {}, {"text": " \n "}, {"text": "", "files": ["a.png"]}])
async def test_an_empty_message_is_refused_and_nothing_is_asked(
    talk: Talk, services: Services, message: dict[str, Any] | None
) -> None:
    asked = await talk.handlers.send(None, message, *SETTINGS)

    assert "Write a message first." in asked.status
    assert 'role="alert"' in asked.status
    assert asked.chatbot == asked.conversation == asked.composer == gr.skip()
    assert await services.archive.list(LOCAL_OWNER) == []


async def test_what_a_model_cannot_take_is_refused_and_the_conversation_stays(
    talk: Talk, services: Services, png: Path
) -> None:
    await talk.say("What is tea?")

    asked = await talk.handlers.send(
        talk.conversation, {"text": "And this?", "files": [str(png)]}, *SETTINGS
    )

    assert "Llama 3 70B doesn&#39;t look at images" in asked.status
    assert asked.chatbot == asked.conversation == asked.composer == gr.skip()
    assert len(await services.archive.list(LOCAL_OWNER)) == 1


async def test_a_refusal_leaves_the_answer_that_is_being_written_its_place(
    talk: Talk, go_on: threading.Event
) -> None:
    """Or it could be neither stopped nor kept."""
    go_on.clear()
    await talk.begin("What is tea?")

    asked = await talk.handlers.send(talk.conversation, {"text": ""}, *SETTINGS)

    assert asked.job_id == gr.skip()


async def test_an_answer_is_asked_for_again_and_the_first_one_is_kept_in_the_history(
    talk: Talk, services: Services, emulator: Emulator
) -> None:
    first = await talk.say("What is tea?")
    second = await talk.say("And coffee?")

    asked = await talk.handlers.retry(retried(1), talk.conversation, LLAMA, "Be brief.", 0.1, 50)
    talk.took(asked)
    again = await talk.finish()

    assert asked_last(emulator)["prompt"] == "Be brief.\n\nWhat is tea?"
    assert talk.spoken == [("user", "What is tea?"), ("assistant", again.text)]
    kept = await services.archive.list(LOCAL_OWNER)
    assert [job.id for job in kept] == [again.id, second.id, first.id]
    assert {job.conversation_id for job in kept} == {first.conversation_id}
    assert kept[2].text == first.text


@pytest.mark.parametrize(("index", "left"), [(0, 1), (1, 1), (2, 3), (3, 3), (99, 3), ((2, 0), 3)])
async def test_a_retry_goes_back_to_the_question_that_a_message_belongs_to(
    talk: Talk, index: Any, left: int
) -> None:
    await talk.say("What is tea?")
    await talk.say("And coffee?")

    asked = await talk.handlers.retry(retried(index), talk.conversation, *SETTINGS)

    assert len(asked.conversation.turns) == left
    assert asked.conversation.turns[-1].role == "user"


async def test_a_changed_question_is_asked_anew_without_what_came_after_it(
    talk: Talk, services: Services, emulator: Emulator
) -> None:
    first = await talk.say("What is tea?")
    second = await talk.say("And coffee?")
    await talk.say("Which is older?")

    asked = await talk.handlers.edit(edited(2, " And cocoa? "), talk.conversation, *SETTINGS)
    talk.took(asked)
    again = await talk.finish()

    assert [text for _, text in talk.spoken] == [
        "What is tea?",
        first.text,
        "And cocoa?",
        again.text,
    ]
    prompt = asked_last(emulator)["prompt"]
    assert "User: And cocoa?" in prompt
    assert "coffee?" not in prompt.replace(first.text or "", "")
    kept = await services.archive.list(LOCAL_OWNER)
    assert len(kept) == 4
    assert (await services.archive.get(second.id)).text == second.text


async def test_a_question_cannot_be_changed_to_nothing(talk: Talk, services: Services) -> None:
    await talk.say("What is tea?")

    asked = await talk.handlers.edit(edited(0, "  "), talk.conversation, *SETTINGS)

    assert "can&#39;t be empty" in asked.status
    assert len(await services.archive.list(LOCAL_OWNER)) == 1


async def test_a_conversation_comes_back_with_the_settings_of_its_last_question(
    talk: Talk,
) -> None:
    talk.settings = (LLAMA, "Answer in verse.", 0.2, 300)
    await talk.say("What is tea?")
    talk.settings = (LLAMA, "Be brief.", 0.25, 77)
    last = await talk.say("And coffee?")

    opened = await talk.handlers.opened(last.conversation_id or "")

    assert opened.chatbot == talk.chatbot
    assert opened.conversation == talk.conversation
    assert opened.model == LLAMA
    assert shown_choice(LLAMA) in opened.picker
    assert opened.system_prompt.value == "Be brief."
    assert (opened.temperature.value, opened.max_tokens.value) == (0.25, 77)
    assert opened.live == gr.update(value=[], visible=False)


@pytest.mark.parametrize("model", [LLAMA, CLAUDE, GPT])
async def test_the_system_prompt_is_kept_but_never_shown_as_a_message(
    talk: Talk, services: Services, model: str
) -> None:
    """Whether the model has a place for it, takes it as a message, or reads it in the prompt."""
    talk.settings = (model, "Be brief.", 0.7, 1024)

    job = await talk.say("What is tea?")
    opened = await talk.handlers.opened(job.conversation_id or "")

    assert [turn.role for turn in job.turns] == ["system", "user"]
    assert [message["role"] for message in opened.chatbot] == [*ROLES]
    assert opened.system_prompt.value == "Be brief."


async def test_a_conversation_without_a_limit_comes_back_without_one(talk: Talk) -> None:
    talk.settings = (LLAMA, "", 0.7, None)
    job = await talk.say("What is tea?")

    opened = await talk.handlers.opened(job.conversation_id or "")

    assert "max_tokens" not in job.input
    assert opened.max_tokens.value is None


async def test_a_conversation_goes_on_after_it_was_opened(talk: Talk, emulator: Emulator) -> None:
    first = await talk.say("What is tea?")
    later = Talk(talk.handlers)
    later.conversation = (await talk.handlers.opened(first.conversation_id or "")).conversation

    second = await later.say("And coffee?")

    assert second.conversation_id == first.conversation_id
    assert asked_last(emulator)["prompt"].startswith(
        f"User: What is tea?\n\nAssistant: {first.text}"
    )


async def test_a_conversation_that_is_gone_is_told_of(talk: Talk) -> None:
    with pytest.raises(gr.Error, match="This conversation was deleted"):
        await talk.handlers.open(event("gone"))


async def test_what_was_written_before_a_stop_stays(
    talk: Talk, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await seen(services, job_id, TextDelta)

    await talk.handlers.stop(talk.job_id)
    job = await talk.finish()

    assert job.state is State.CANCELED
    assert job.text
    assert talk.spoken == [("user", "What is tea?"), ("assistant", job.text)]
    assert "Stopped." in talk.status


async def test_an_answer_that_fails_says_why_and_the_question_stays(
    talk: Talk, emulator: Emulator
) -> None:
    emulator.inject(Fault(method="POST", path=CREATE, status=402, body=NO_CREDIT))

    job = await talk.say("What is tea?")

    assert job.state is State.FAILED
    assert talk.spoken == [("user", "What is tea?")]
    assert "credit" in talk.status
    assert 'role="alert"' in talk.status


async def test_a_page_that_opens_finds_the_answer_that_is_being_written(
    talk: Talk, services: Services, go_on: threading.Event
) -> None:
    await Talk(talk.handlers).say("An older conversation")
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await begun(services)  # a picture, which isn't one
    await seen(services, job_id, TextDelta)

    *shown, found = await talk.handlers.attach()

    assert found == job_id
    opened = Opened(*shown)
    assert [message["content"] for message in opened.chatbot] == ["What is tea?"]
    assert "Writing…" in opened.status
    go_on.set()
    again = Talk(talk.handlers, conversation=opened.conversation, job_id=found)
    job = await again.finish()
    assert again.spoken == [("user", "What is tea?"), ("assistant", job.text)]


async def test_a_page_that_opens_while_nothing_is_written_stays_as_it_is(talk: Talk) -> None:
    await talk.say("What is tea?")

    *shown, found = await talk.handlers.attach()

    assert found is None
    assert shown == [gr.skip()] * len(Opened._fields)


async def test_opening_a_conversation_finds_its_own_answer_and_no_others(
    talk: Talk, go_on: threading.Event
) -> None:
    done = await talk.say("What is tea?")
    go_on.clear()
    other = Talk(talk.handlers)
    job_id = await other.begin("And coffee?")
    assert other.conversation is not None

    *_, found = await talk.handlers.open(event(other.conversation.id))
    *_, nothing = await talk.handlers.open(event(done.conversation_id or ""))

    assert (found, nothing) == (job_id, None)


async def test_an_unfinished_answer_is_not_put_into_the_conversation(
    talk: Talk, go_on: threading.Event
) -> None:
    """Its page was asked something else meanwhile, and goes on watching that."""
    go_on.clear()
    job_id = await talk.begin("What is tea?")

    committed = await talk.handlers.commit(talk.conversation, job_id)

    assert committed == (gr.skip(),) * 5


async def test_images_are_kept_with_their_turn_and_shown_again(
    talk: Talk, services: Services, png: Path
) -> None:
    talk.settings = (CLAUDE, "", 0.7, 1024)
    job = await talk.say("What is on it?", png)
    png.unlink()

    opened = await talk.handlers.opened(job.conversation_id or "")

    [turn] = job.turns
    [key] = turn.images
    assert isinstance(key, str)
    assert services.media.path(key).read_bytes() == a_png()
    [shown, words] = opened.chatbot[0]["content"]
    assert shown == {"path": str(services.media.path(key))}
    assert words == "What is on it?"
    assert "an image of 640×480 pixels" in (job.text or "")


async def test_an_image_is_looked_at_in_later_turns_too(
    talk: Talk, services: Services, png: Path
) -> None:
    talk.settings = (CLAUDE, "", 0.7, 1024)
    first = await talk.say("What is on it?", png)

    second = await talk.say("Which colour is it?")

    assert "an image of 640×480 pixels" in (second.text or "")
    assert second.turns[0].images == first.turns[0].images
    assert json.dumps(second.input).count("media:") == 1


async def test_a_changed_question_keeps_its_images(talk: Talk, png: Path) -> None:
    talk.settings = (CLAUDE, "", 0.7, 1024)
    first = await talk.say("What is on it?", png)

    asked = await talk.handlers.edit(edited(0, "Which colour?"), talk.conversation, *talk.settings)

    [turn] = asked.conversation.turns
    assert turn.text == "Which colour?"
    assert turn.images == first.turns[0].images


async def test_a_missing_image_does_not_keep_a_conversation_from_opening_or_going_on(
    talk: Talk, services: Services, png: Path
) -> None:
    """Its run was deleted for good, and its files with it."""
    talk.settings = (CLAUDE, "", 0.7, 1024)
    job = await talk.say("What is on it?", png)
    services.media.path(str(job.turns[0].images[0])).unlink()

    opened = await talk.handlers.opened(job.conversation_id or "")
    talk.conversation = opened.conversation
    later = await talk.say("And now?")

    assert opened.chatbot[0]["content"] == "What is on it?"
    assert later.state is State.SUCCEEDED
    assert "image" not in later.input


async def test_an_example_is_asked_of_its_model(talk: Talk, emulator: Emulator) -> None:
    example = talk.handlers.models[1]

    *asked, picker, model = await talk.handlers.try_example(
        event(model=example.id), None, "", 0.7, 1024
    )

    assert model == example.id
    assert shown_choice(example.id) in picker
    talk.took(Asked(*asked))
    assert (await talk.finish()).model == example.id
    assert asked_last(emulator)["prompt"] == example.example


async def test_another_model_hides_what_it_lacks(talk: Talk) -> None:
    picker, model, _, temperature, max_tokens, box = talk.handlers.choose(event(model=GPT))

    assert model == GPT
    assert shown_choice(GPT) in picker
    assert (temperature.visible, max_tokens.visible) == (False, True)
    assert box.sources == ["upload"]


async def test_a_model_that_is_none_of_the_chats_is_refused(talk: Talk) -> None:
    with pytest.raises(gr.Error, match="isn't a chat model"):
        talk.handlers.choose(event(model="black-forest-labs/flux-schnell"))


async def test_conversations_are_listed_newest_first_and_go_as_a_whole(
    talk: Talk, services: Services
) -> None:
    first = await talk.say("What is tea?")
    await talk.say("And coffee?")
    other = await Talk(talk.handlers).say("Hello!")
    listed = await talk.handlers.listed()

    await talk.handlers.delete(event(first.conversation_id or ""))

    assert [key for key, _ in listed] == [other.conversation_id, first.conversation_id]
    assert [key for key, _ in await talk.handlers.listed()] == [other.conversation_id]
    assert await services.archive.conversation(LOCAL_OWNER, first.conversation_id or "") == []


async def test_a_new_conversation_begins_empty(talk: Talk) -> None:
    assert talk.handlers.clear() == ([], None, "", gr.update(value=[], visible=False), None)


async def test_a_fast_model_makes_at_most_25_updates_a_second(tmp_path: Path) -> None:
    words = 400

    async def write(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        for n in range(words):
            await context.sleep(0.2)  # 2 ms at the speed of the tests
            yield Token(f"{n} ")

    runners = [replace(one, run=write) for one in RUNNERS if one.card.id == LLAMA]
    with Emulator(port=0, speed=100, rate_limits=False, runners=runners) as emulator:
        async with open_services(emulator, tmp_path) as services:
            talk = Talk(ChatHandlers(services))
            job_id = await talk.begin("Count")
            times: list[float] = []
            texts: list[str] = []

            async for live, _ in talk.handlers.stream(job_id):
                times.append(time.monotonic())
                if live != gr.skip():
                    texts.append(live["value"][0]["content"])
            job = await ended(services, job_id)

    assert job.text == "".join(f"{n} " for n in range(words))
    seconds = times[-1] - times[0]
    assert words / seconds > 300, "the model wasn't fast"
    assert len(texts) > 5
    assert len(times) / seconds <= 25
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


async def test_a_stream_that_is_closed_leaves_nothing_running(
    talk: Talk, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await seen(services, job_id, TextDelta)
    before = asyncio.all_tasks()
    updates = talk.handlers.stream(job_id)
    await anext(updates)

    await updates.aclose()

    assert asyncio.all_tasks() <= before
    go_on.set()
    assert (await ended(services, job_id)).state is State.SUCCEEDED


async def test_without_a_job_there_is_nothing_to_stream_stop_or_keep(talk: Talk) -> None:
    assert [update async for update in talk.handlers.stream(None)] == []
    await talk.handlers.stop(None)
    assert await talk.handlers.commit(None, None) == (*(gr.skip(),) * 4, None)
