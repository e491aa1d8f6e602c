"""A conversation with a model: whole when it is asked, kept as it was, and never lost."""

import asyncio
import json
import re
import threading
import time
from collections import Counter
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
from tests.core.waiting import until
from tests.ui.world import (
    CLAUDE,
    GPT,
    LLAMA,
    LOST,
    SCHNELL,
    begun,
    ended,
    event,
    open_services,
    seen,
    shown_choice,
)
from ui.actions import Actions
from ui.bench.form import Form
from ui.bench.values import Held, shown_in
from ui.services import LOCAL_OWNER, Services
from ui.tabs.conversation import ChatHandlers, Followed, Opened, Talk

ROLES = ("user", "assistant")
NO_CREDIT = '{"title": "Insufficient credit", "detail": "You have no credit left.", "status": 402}'


@dataclass
class Tab:
    """The Chat tab in a browser: what it shows, and what it gives back to the handlers."""

    handlers: ChatHandlers
    settings: tuple[Form, Held] | None = None
    chatbot: Any = field(default_factory=list)
    conversation: Conversation | None = None
    job_id: str | None = None
    status: str = ""
    live: Any = None

    composer: Any = None
    followed: Followed = field(default_factory=Followed)

    def took(self, talk: Talk) -> None:
        """Show what is given, and keep the rest as it is."""
        for name, value in talk._asdict().items():
            if value != gr.skip():
                setattr(self, name, value)

    async def asked_with(self, model: str = LLAMA, **values: Any) -> tuple[Form, Held]:
        """Return a model's settings as the tab gives them."""
        return (await self.handlers.asking.form(model)).filled(values), None

    async def begin(self, text: str, *files: Path) -> str:
        """Send a message; return the id of the job that answers it."""
        message = {"text": text, "files": [str(path) for path in files]}
        settings = self.settings or await self.asked_with()
        self.took(await self.handlers.send(self.conversation, message, *settings))
        assert self.job_id is not None, self.status
        return self.job_id

    async def finish(self) -> Job:
        """See the answer as it is written, and keep it."""
        job_id = self.job_id
        assert job_id is not None
        async for live, status in self.handlers.stream(job_id, self.followed):
            self.live = self.live if live == gr.skip() else live
            self.status = status
        self.took(await self.handlers.commit(self.conversation, job_id))
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
def talk(services: Services) -> Tab:
    return Tab(ChatHandlers(services))


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(a_png())
    return path


def asked_last(emulator: Emulator) -> dict[str, Any]:
    """Return the input that the model was asked with last."""
    given: dict[str, Any] = emulator.predictions[0]["input"]
    return given


EMPTY: list[Any] = []


def nothing_but(status: str) -> Talk:
    """Return values that change nothing else."""
    return Talk(*[gr.skip()] * len(Talk._fields))._replace(status=status)


def retried(index: int) -> gr.RetryData:
    return gr.RetryData(None, {"index": index, "value": ""})


def edited(index: int, value: str) -> gr.EditData:
    return gr.EditData(None, {"index": index, "previous_value": "", "value": value})


async def test_an_answer_joins_the_conversation_once_it_is_whole(talk: Tab) -> None:
    await talk.begin("What is tea?")
    assert talk.spoken == [("user", "What is tea?")]
    assert "Sending…" in talk.status
    assert (talk.composer.submit_btn, talk.composer.stop_btn) == (False, True)
    assert talk.composer.value == {"text": "", "files": []}

    job = await talk.finish()

    assert job.state is State.SUCCEEDED
    assert job.text
    assert talk.spoken == [("user", "What is tea?"), ("assistant", job.text)]
    assert talk.live == EMPTY
    assert talk.job_id is None
    assert "tokens" in talk.status
    assert (talk.composer.submit_btn, talk.composer.stop_btn) == (True, False)


async def test_the_answer_is_shown_while_it_is_written(
    talk: Tab, go_on: threading.Event, services: Services
) -> None:
    go_on.clear()
    job_id = await talk.begin("What is tea?")

    async with aclosing(talk.handlers.stream(job_id, talk.followed)) as updates:
        shown = ""
        while not shown:
            live, status = await anext(updates)
            if live not in (gr.skip(), EMPTY):
                shown = live[0]["content"]

    assert "Writing" in status
    go_on.set()
    job = await ended(services, job_id)
    assert job.text is not None
    assert job.text.startswith(shown)
    assert len(job.text) > len(shown)


async def test_a_model_that_takes_a_prompt_is_asked_with_the_whole_conversation(
    talk: Tab, emulator: Emulator
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
    talk: Tab, emulator: Emulator
) -> None:
    talk.settings = await talk.asked_with(GPT, system_prompt="Be brief.", max_completion_tokens=300)
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


async def test_the_settings_are_those_that_are_shown(talk: Tab, emulator: Emulator) -> None:
    talk.settings = await talk.asked_with(
        system_prompt="  Be brief. ", temperature=0.25, max_tokens=77
    )

    await talk.say("What is tea?")

    given = asked_last(emulator)
    assert given["prompt"] == "Be brief.\n\nWhat is tea?"
    assert (given["temperature"], given["max_tokens"]) == (0.25, 77)


@pytest.mark.parametrize("message", [None, {}, {"text": " \n "}, {"text": "", "files": ["a.png"]}])
async def test_an_empty_message_is_refused_and_nothing_is_asked(
    talk: Tab, services: Services, message: dict[str, Any] | None
) -> None:
    asked = await talk.handlers.send(None, message, *await talk.asked_with())

    assert "Write a message first." in asked.status
    assert 'role="alert"' in asked.status
    assert asked == nothing_but(asked.status)
    assert await services.archive.list(LOCAL_OWNER) == []


async def test_what_a_model_cannot_take_is_refused_and_the_conversation_stays(
    talk: Tab, services: Services, png: Path
) -> None:
    await talk.say("What is tea?")

    asked = await talk.handlers.send(
        talk.conversation, {"text": "And this?", "files": [str(png)]}, *await talk.asked_with()
    )

    assert "Llama 3 70B doesn&#39;t look at images" in asked.status
    assert asked == nothing_but(asked.status)
    assert len(await services.archive.list(LOCAL_OWNER)) == 1


async def test_a_refusal_leaves_the_answer_that_is_being_written_its_place(
    talk: Tab, go_on: threading.Event
) -> None:
    """Or it could be neither stopped nor kept."""
    go_on.clear()
    await talk.begin("What is tea?")

    asked = await talk.handlers.send(talk.conversation, {"text": ""}, *await talk.asked_with())

    assert asked == nothing_but(asked.status)


async def test_an_answer_is_asked_for_again_and_the_first_one_is_kept_in_the_history(
    talk: Tab, services: Services, emulator: Emulator
) -> None:
    first = await talk.say("What is tea?")
    second = await talk.say("And coffee?")

    settings = await talk.asked_with(system_prompt="Be brief.", temperature=0.1)
    asked = await talk.handlers.retry(retried(1), talk.conversation, *settings)
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
    talk: Tab, index: Any, left: int
) -> None:
    await talk.say("What is tea?")
    await talk.say("And coffee?")

    asked = await talk.handlers.retry(retried(index), talk.conversation, *await talk.asked_with())

    assert len(asked.conversation.turns) == left
    assert asked.conversation.turns[-1].role == "user"


async def test_a_changed_question_is_asked_anew_without_what_came_after_it(
    talk: Tab, services: Services, emulator: Emulator
) -> None:
    first = await talk.say("What is tea?")
    second = await talk.say("And coffee?")
    await talk.say("Which is older?")

    asked = await talk.handlers.edit(
        edited(2, " And cocoa? "), talk.conversation, *await talk.asked_with()
    )
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


async def test_a_question_cannot_be_changed_to_nothing(talk: Tab, services: Services) -> None:
    await talk.say("What is tea?")

    asked = await talk.handlers.edit(edited(0, "  "), talk.conversation, *await talk.asked_with())

    assert "can&#39;t be empty" in asked.status
    assert len(await services.archive.list(LOCAL_OWNER)) == 1


async def test_a_conversation_comes_back_with_the_settings_of_its_last_question(
    talk: Tab,
) -> None:
    talk.settings = await talk.asked_with(system_prompt="Answer in verse.", temperature=0.2)
    await talk.say("What is tea?")
    talk.settings = await talk.asked_with(system_prompt="Be brief.", max_tokens=77)
    last = await talk.say("And coffee?")

    opened = await talk.handlers.opened(last.conversation_id or "")

    assert opened.talk.chatbot == talk.chatbot
    assert opened.talk.conversation == talk.conversation
    assert opened.form.model == LLAMA
    assert shown_choice(LLAMA) in opened.picker
    assert opened.form.values == {"system_prompt": "Be brief.", "max_tokens": "77"}
    assert opened.talk.live == EMPTY


@pytest.mark.parametrize("model", [LLAMA, CLAUDE, GPT])
async def test_the_system_prompt_is_kept_but_never_shown_as_a_message(
    talk: Tab, services: Services, model: str
) -> None:
    """Whether the model has a place for it, takes it as a message, or reads it in the prompt."""
    talk.settings = await talk.asked_with(model, system_prompt="Be brief.")

    job = await talk.say("What is tea?")
    opened = await talk.handlers.opened(job.conversation_id or "")

    assert [turn.role for turn in job.turns] == ["system", "user"]
    assert [message["role"] for message in opened.talk.chatbot] == [*ROLES]
    assert opened.form.values == {"system_prompt": "Be brief."}


async def test_a_conversation_goes_on_after_it_was_opened(talk: Tab, emulator: Emulator) -> None:
    first = await talk.say("What is tea?")
    later = Tab(talk.handlers)
    later.conversation = (await talk.handlers.opened(first.conversation_id or "")).talk.conversation

    second = await later.say("And coffee?")

    assert second.conversation_id == first.conversation_id
    assert asked_last(emulator)["prompt"].startswith(
        f"User: What is tea?\n\nAssistant: {first.text}"
    )


async def test_a_conversation_that_is_gone_is_told_of(talk: Tab) -> None:
    with pytest.raises(gr.Error, match="This conversation was deleted"):
        await talk.handlers.open(event("gone"))


async def test_a_page_that_comes_later_knows_when_the_first_words_came(
    talk: Tab, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await seen(services, job_id, TextDelta)
    job = await services.archive.get(job_id)
    assert job.first_output_at is not None
    first = f"{(job.first_output_at - job.created_at).total_seconds():.1f} s to the first token"

    async with aclosing(talk.handlers.stream(job_id, talk.followed)) as updates:
        nothing = (gr.skip(), EMPTY)
        status = await anext(status async for live, status in updates if live not in nothing)
    go_on.set()
    await ended(services, job_id)
    reopened = await talk.handlers.opened(job.conversation_id or "")

    assert first in status
    assert first in reopened.talk.status


async def test_what_was_written_before_a_stop_stays(
    talk: Tab, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await seen(services, job_id, TextDelta)

    await talk.handlers.stop(talk.job_id)
    job = await talk.finish()

    assert job.state is State.CANCELED
    assert job.text
    assert talk.spoken == [("user", "What is tea?"), ("assistant", job.text)]
    assert "Stopped: what ran until then is charged." in talk.status


async def test_an_answer_that_fails_says_why_and_the_question_stays(
    talk: Tab, emulator: Emulator
) -> None:
    emulator.inject(Fault(method="POST", path=CREATE, status=402, body=NO_CREDIT))

    job = await talk.say("What is tea?")

    assert job.state is State.FAILED
    question, (role, said) = talk.spoken
    assert question == ("user", "What is tea?")
    assert role == "assistant"
    assert said == f"*{job.error} Nothing was charged.*"
    assert "credit" in said
    assert "credit" in talk.status
    assert 'role="alert"' in talk.status
    assert talk.conversation is not None
    assert [turn.role for turn in talk.conversation.turns] == ["user"]


@pytest.mark.usefixtures("quick_look_ups")
async def test_a_lost_answer_may_have_been_charged_and_can_be_looked_for_or_asked_again(
    talk: Tab, emulator: Emulator
) -> None:
    emulator.inject(*LOST)
    job = await talk.say("What is tea?")
    first = list(talk.spoken)
    said = talk.status

    talk.took(await talk.handlers.look_again(event(job.id)))
    under_way = talk.job_id
    found = await talk.finish()

    assert job.state is State.UNCERTAIN
    assert first == [("user", "What is tea?"), ("assistant", f"*{job.error}*")]
    assert "it may be paid for twice" in said
    assert f'data-job="{job.id}"' in said
    assert 'data-act="look_again"' in said
    assert under_way == job.id
    assert found.state is State.SUCCEEDED
    assert talk.spoken == [("user", "What is tea?"), ("assistant", found.text)]
    assert "look_again" not in talk.status
    assert len(emulator.predictions) == 1


@pytest.mark.usefixtures("quick_look_ups")
async def test_what_is_being_written_is_kept_while_an_answer_is_looked_for(
    talk: Tab, emulator: Emulator
) -> None:
    emulator.inject(*LOST)
    job = await talk.say("What is tea?")

    looking = await talk.handlers.look_again(event(job.id))
    await ended(talk.handlers.services, job.id)

    assert "value" not in looking.composer.constructor_args
    refused = await talk.handlers.look_again(event(job.id))
    assert refused == nothing_but(refused.status)
    assert "nothing uncertain" in refused.status


async def test_while_an_answer_is_stopped_that_is_what_is_said(
    talk: Tab, services: Services, go_on: threading.Event, emulator: Emulator
) -> None:
    go_on.clear()
    emulator.inject(Fault(method="POST", path="/v1/predictions/*/cancel", drop=True, times=3))
    job_id = await talk.begin("What is tea?")
    await seen(services, job_id, TextDelta)
    await talk.handlers.stop(job_id)

    said = [status async for _, status in talk.handlers.stream(job_id, talk.followed)]

    assert any("Stopping…" in str(status) for status in said)
    assert "Stopped" in said[-1]


async def test_an_answer_that_failed_is_asked_for_again_without_what_was_said_of_it(
    talk: Tab, emulator: Emulator
) -> None:
    emulator.inject(Fault(method="POST", path=CREATE, status=402, body=NO_CREDIT))
    await talk.say("What is tea?")

    talk.took(await talk.handlers.retry(retried(1), talk.conversation, *await talk.asked_with()))
    again = await talk.finish()

    assert again.state is State.SUCCEEDED
    assert talk.spoken == [("user", "What is tea?"), ("assistant", again.text)]
    assert asked_last(emulator)["prompt"] == "What is tea?"


async def test_a_page_that_opens_finds_the_answer_that_is_being_written(
    talk: Tab, services: Services, go_on: threading.Event
) -> None:
    await Tab(talk.handlers).say("An older conversation")
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await begun(services)  # a picture, which isn't one
    await seen(services, job_id, TextDelta)

    shown = await talk.handlers.attach()

    again = Tab(talk.handlers)
    again.took(Talk(*shown[: len(Talk._fields)]))
    assert again.job_id == job_id
    assert again.spoken == [("user", "What is tea?")]
    assert (again.composer.submit_btn, again.composer.stop_btn) == (False, True)
    go_on.set()
    job = await again.finish()
    assert again.spoken == [("user", "What is tea?"), ("assistant", job.text)]


async def test_a_page_that_opens_while_nothing_is_written_gets_the_first_form(talk: Tab) -> None:
    await talk.say("What is tea?")

    *shown, form = await talk.handlers.attach()

    given = [value for value in shown if value != gr.skip()]
    assert [type(one) for one in given] == [gr.MultimodalTextbox]
    assert form.model == LLAMA
    assert form.revision


async def test_opening_a_conversation_finds_its_own_answer_and_no_others(
    talk: Tab, go_on: threading.Event
) -> None:
    done = await talk.say("What is tea?")
    go_on.clear()
    other = Tab(talk.handlers)
    job_id = await other.begin("And coffee?")
    assert other.conversation is not None

    found = await talk.handlers.open(event(other.conversation.id))
    nothing = await talk.handlers.open(event(done.conversation_id or ""))

    place = Talk._fields.index("job_id")
    assert (found[place], nothing[place]) == (job_id, None)


async def test_an_unfinished_answer_is_not_put_into_the_conversation(
    talk: Tab, go_on: threading.Event
) -> None:
    """Its page was asked something else meanwhile, and goes on watching that."""
    go_on.clear()
    job_id = await talk.begin("What is tea?")

    committed = await talk.handlers.commit(talk.conversation, job_id)

    assert committed == nothing_but(gr.skip())


async def test_an_answer_is_not_put_into_another_conversation(talk: Tab) -> None:
    """Another one was opened before it was finished."""
    other = await Tab(talk.handlers).say("And coffee?")
    await talk.say("What is tea?")

    committed = await talk.handlers.commit(talk.conversation, other.id)

    assert committed == nothing_but(gr.skip())


async def test_one_conversation_is_asked_one_thing_at_a_time(
    talk: Tab, services: Services, go_on: threading.Event
) -> None:
    """Another page, or a key that is quicker than the button's change."""
    await talk.say("What is tea?")
    go_on.clear()
    job_id = await talk.begin("And coffee?")
    conversation = talk.conversation

    refused = [
        await talk.handlers.send(conversation, {"text": "And cocoa?"}, *await talk.asked_with()),
        await talk.handlers.retry(retried(1), conversation, *await talk.asked_with()),
        await talk.handlers.edit(
            edited(0, "What is cocoa?"), conversation, *await talk.asked_with()
        ),
    ]

    for one in refused:
        assert "An answer is being written: stop it first." in one.status
        assert one == nothing_but(one.status)
    assert [job.id for job in await services.jobs.running(LOCAL_OWNER)] == [job_id]
    assert len(await services.archive.list(LOCAL_OWNER)) == 2


async def test_other_conversations_go_on_while_an_answer_is_written(
    talk: Tab, go_on: threading.Event
) -> None:
    go_on.clear()
    first = await talk.begin("What is tea?")

    second = await Tab(talk.handlers).begin("And coffee?")

    assert second != first


async def test_what_was_gone_on_with_in_another_tab_becomes_a_conversation_of_its_own(
    talk: Tab, services: Services
) -> None:
    """Or what was said there would be hidden by what is said here."""
    first = await talk.say("What is tea?")
    other = Tab(talk.handlers, conversation=talk.conversation)
    second = await other.say("And coffee?")

    third = await talk.say("And cocoa?")

    assert second.conversation_id == first.conversation_id
    assert third.conversation_id != first.conversation_id
    assert [text for _, text in talk.spoken] == [
        "What is tea?",
        first.text,
        "And cocoa?",
        third.text,
    ]
    before = await talk.handlers.opened(first.conversation_id or "")
    assert [one["content"] for one in before.talk.chatbot][2:] == ["And coffee?", second.text]
    listed = [key for key, _ in await talk.handlers.listed()]
    assert listed == [third.conversation_id, first.conversation_id]


async def test_images_are_kept_with_their_turn_and_shown_again(
    talk: Tab, services: Services, png: Path
) -> None:
    talk.settings = await talk.asked_with(CLAUDE)
    job = await talk.say("What is on it?", png)
    png.unlink()

    opened = await talk.handlers.opened(job.conversation_id or "")

    [turn] = job.turns
    [key] = turn.images
    assert isinstance(key, str)
    assert services.media.path(key).read_bytes() == a_png()
    [shown, words] = opened.talk.chatbot[0]["content"]
    assert shown == {"path": str(services.media.path(key))}
    assert words == "What is on it?"
    assert "an image of 640×480 pixels" in (job.text or "")


async def test_an_image_is_looked_at_in_later_turns_too(
    talk: Tab, services: Services, png: Path
) -> None:
    talk.settings = await talk.asked_with(CLAUDE)
    first = await talk.say("What is on it?", png)

    second = await talk.say("Which colour is it?")

    assert "an image of 640×480 pixels" in (second.text or "")
    assert second.turns[0].images == first.turns[0].images
    assert json.dumps(second.input).count("media:") == 1


async def test_a_changed_question_keeps_its_images(talk: Tab, png: Path) -> None:
    talk.settings = await talk.asked_with(CLAUDE)
    first = await talk.say("What is on it?", png)

    asked = await talk.handlers.edit(
        edited(0, "Which colour?"), talk.conversation, *await talk.asked_with(CLAUDE)
    )

    [turn] = asked.conversation.turns
    assert turn.text == "Which colour?"
    assert turn.images == first.turns[0].images


async def test_a_missing_image_does_not_keep_a_conversation_from_opening_or_going_on(
    talk: Tab, services: Services, png: Path
) -> None:
    """Its run was deleted for good, and its files with it."""
    talk.settings = await talk.asked_with(CLAUDE)
    job = await talk.say("What is on it?", png)
    services.media.path(str(job.turns[0].images[0])).unlink()

    opened = await talk.handlers.opened(job.conversation_id or "")
    talk.conversation = opened.talk.conversation
    later = await talk.say("And now?")

    assert opened.talk.chatbot[0]["content"] == "What is on it?"
    assert later.state is State.SUCCEEDED
    assert "image" not in later.input


async def test_an_example_is_asked_of_its_model(talk: Tab, emulator: Emulator) -> None:
    example = talk.handlers.models[1]

    values = await talk.handlers.try_example(
        event(model=example.id), None, *await talk.asked_with(system_prompt="Be brief.")
    )

    opened = Opened(Talk(*values[: len(Talk._fields)]), *values[len(Talk._fields) :])
    assert (opened.form.model, opened.form.values) == (example.id, {"system_prompt": "Be brief."})
    assert shown_choice(example.id) in opened.picker
    talk.took(opened.talk)
    assert (await talk.finish()).model == example.id
    assert asked_last(emulator)["prompt"] == f"Be brief.\n\n{example.example}"


async def test_an_example_that_is_refused_changes_neither_the_model_nor_its_settings(
    talk: Tab, go_on: threading.Event
) -> None:
    go_on.clear()
    await talk.begin("What is tea?")

    values = await talk.handlers.try_example(
        event(model=talk.handlers.models[1].id), talk.conversation, *await talk.asked_with()
    )

    status = values[Talk._fields.index("status")]
    assert "stop it first" in status
    assert values == Opened(nothing_but(status), gr.skip(), gr.skip()).values


async def test_another_model_keeps_what_was_changed_and_it_has_too(talk: Tab) -> None:
    form, _ = await talk.asked_with()
    held = {
        "revision": form.revision,
        "values": ["Be brief.", "0.25", *list(form.shown.values())[2:]],
    }

    picker, other, box = await talk.handlers.choose(event(model=GPT), form, held)

    assert shown_choice(GPT) in picker
    assert (other.model, other.values) == (GPT, {"system_prompt": "Be brief."})
    assert {"reasoning_effort", "verbosity"} <= other.shown.keys()
    assert not {"prompt", "messages", "image_input"} & other.shown.keys()
    assert box.sources == ["upload"]


@pytest.mark.parametrize("held", [None, {}, {"values": ["x"]}, {"revision": 1, "values": 7}])
async def test_what_the_page_tells_of_another_form_is_not_taken(talk: Tab, held: Held) -> None:
    form, _ = await talk.asked_with(system_prompt="Be brief.")

    assert shown_in(form, held) == form.shown
    assert (await talk.handlers.asking.settings(form, held)).system_prompt == "Be brief."


async def test_a_setting_that_cannot_be_is_refused_and_nothing_is_asked(
    talk: Tab, services: Services
) -> None:
    form, _ = await talk.asked_with()
    values = ["", "hot", *list(form.shown.values())[2:]]

    asked = await talk.handlers.send(
        None, {"text": "Hi"}, form, {"revision": form.revision, "values": values}
    )

    assert "Temperature takes a number" in asked.status
    assert asked == nothing_but(asked.status)
    assert await services.archive.list(LOCAL_OWNER) == []


async def test_a_model_whose_settings_are_unknown_is_asked_all_the_same(
    talk: Tab, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(_: str) -> None:
        return None

    monkeypatch.setattr(services.jobs, "schema", unknown)
    talk.settings = await talk.asked_with(system_prompt="Be brief.")

    job = await talk.say("What is tea?")

    assert job.input["prompt"] == "Be brief.\n\nWhat is tea?"


async def test_a_model_that_is_none_of_the_chats_is_refused(talk: Tab) -> None:
    with pytest.raises(gr.Error, match="isn't a chat model"):
        await talk.handlers.choose(event(model=SCHNELL), Form(LLAMA), None)


async def test_conversations_are_listed_newest_first_and_go_as_a_whole(
    talk: Tab, services: Services
) -> None:
    first = await talk.say("What is tea?")
    await talk.say("And coffee?")
    other = await Tab(talk.handlers).say("Hello!")
    listed = await talk.handlers.listed()

    said, *shown = await talk.handlers.delete(event(first.conversation_id or ""), None, Form(LLAMA))

    assert "Deleted." in said["html"]
    assert tuple(shown) == nothing_but(gr.skip())
    assert [key for key, _ in listed] == [other.conversation_id, first.conversation_id]
    assert [key for key, _ in await talk.handlers.listed()] == [other.conversation_id]
    assert await services.archive.conversation(LOCAL_OWNER, first.conversation_id or "") == []


async def test_a_conversation_that_was_deleted_comes_back_as_a_whole(talk: Tab) -> None:
    await talk.say("What is tea?")
    job = await talk.say("And coffee?")
    deleted = event(job.conversation_id or "")
    said, *_ = await talk.handlers.delete(deleted, talk.conversation, Form(LLAMA))

    [ids] = re.findall(r'data-job="([^"]*)"', said["html"])
    await Actions(talk.handlers.services).restore(event(ids))

    opened = await talk.handlers.opened(job.conversation_id or "")
    assert opened.talk.chatbot == talk.chatbot
    assert len(ids.split()) == 2


async def test_deleting_the_conversation_on_the_page_leaves_it_empty(talk: Tab) -> None:
    other = await Tab(talk.handlers).say("And coffee?")
    job = await talk.say("What is tea?")

    _, *kept = await talk.handlers.delete(
        event(other.conversation_id or ""), talk.conversation, Form(LLAMA)
    )
    _, *gone = await talk.handlers.delete(
        event(job.conversation_id or ""), talk.conversation, Form(LLAMA)
    )

    assert tuple(kept) == nothing_but(gr.skip())
    emptied = Talk(*gone)
    assert (emptied.chatbot, emptied.conversation, emptied.job_id) == ([], None, None)


async def test_a_conversation_whose_answer_is_being_written_has_to_be_stopped_first(
    talk: Tab, go_on: threading.Event
) -> None:
    await talk.say("What is tea?")
    go_on.clear()
    await talk.begin("And coffee?")
    assert talk.conversation is not None

    said, *shown = await talk.handlers.delete(
        event(talk.conversation.id), talk.conversation, Form(LLAMA)
    )

    assert "stop it first" in said["html"]
    assert "data-act" not in said["html"]
    assert tuple(shown) == nothing_but(gr.skip())
    assert [key for key, _ in await talk.handlers.listed()] == [talk.conversation.id]


@pytest.mark.parametrize(("model", "sources"), [(LLAMA, []), (CLAUDE, ["upload"])])
async def test_a_new_conversation_begins_empty_and_ready(
    talk: Tab, model: str, sources: list[str]
) -> None:
    empty = await talk.handlers.clear(Form(model))

    assert (empty.chatbot, empty.conversation, empty.job_id) == ([], None, None)
    assert (empty.status, empty.live) == ("", EMPTY)
    assert (empty.composer.submit_btn, empty.composer.stop_btn) == (True, False)
    assert empty.composer.sources == sources


async def test_a_fast_model_makes_at_most_25_updates_a_second(tmp_path: Path) -> None:
    words = 400

    async def write(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        for n in range(words):
            await context.sleep(0.2)  # 2 ms at the speed of the tests
            yield Token(f"{n} ")

    runners = [replace(one, run=write) for one in RUNNERS if one.card.id == LLAMA]
    with Emulator(port=0, speed=100, rate_limits=False, runners=runners) as emulator:
        async with open_services(emulator, tmp_path) as services:
            talk = Tab(ChatHandlers(services))
            job_id = await talk.begin("Count")
            times: list[float] = []
            texts: list[str] = []

            async for live, _ in talk.handlers.stream(job_id, talk.followed):
                times.append(time.monotonic())
                if live not in (gr.skip(), EMPTY):
                    texts.append(live[0]["content"])
            job = await ended(services, job_id)

    assert job.text == "".join(f"{n} " for n in range(words))
    seconds = times[-1] - times[0]
    assert words / seconds > 300, "the model wasn't fast"
    assert len(texts) > 5
    assert len(times) / seconds <= 25
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))


def tasks() -> Counter[str]:
    """Return how many tasks do what."""
    return Counter(task.get_coro().__qualname__ for task in asyncio.all_tasks())


async def test_a_stream_that_is_closed_leaves_nothing_running(
    talk: Tab, services: Services, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await seen(services, job_id, TextDelta)
    before = tasks()
    updates = talk.handlers.stream(job_id, talk.followed)
    await anext(updates)

    await updates.aclose()

    # The answer goes on, and a task of its own takes the place of another.
    await until(lambda: tasks() <= before)
    go_on.set()
    assert (await ended(services, job_id)).state is State.SUCCEEDED


@pytest.mark.parametrize(("then", "told"), [("another", gr.skip()), (None, EMPTY)])
async def test_a_page_that_follows_another_answer_or_none_is_told_no_more_of_the_first(
    talk: Tab, services: Services, go_on: threading.Event, then: str | None, told: Any
) -> None:
    """Its last words may have come after the page was told to show none."""
    go_on.clear()
    job_id = await talk.begin("What is tea?")
    await seen(services, job_id, TextDelta)
    updates = talk.handlers.stream(job_id, talk.followed)
    await anext(updates)
    await anext(updates)

    talk.followed.job_id = then
    rest = [update async for update in updates]

    assert rest == [(told, gr.skip())]
    go_on.set()
    assert (await ended(services, job_id)).state is State.SUCCEEDED


async def test_without_a_job_there_is_nothing_to_stream_stop_or_keep(talk: Tab) -> None:
    """Gradio would empty what nothing is yielded for."""
    updates = [update async for update in talk.handlers.stream(None, talk.followed)]

    assert updates == [(EMPTY, gr.skip())]
    await talk.handlers.stop(None)
    assert await talk.handlers.commit(None, None) == nothing_but(gr.skip())
