"""An answer's stream breaks, ends, hangs or says odd things: the text is exactly the model's."""

import asyncio
from functools import partial

import pytest

from core.client.stream import OutputStream
from core.emulator import Fault
from core.history.records import State
from core.jobs.events import Canceled, TextDelta, Waiting
from tests.core.emulator.runners import ODD_TEXTS
from tests.core.jobs.world import Process
from tests.core.waiting import until
from tests.faults.models import SPEAKER
from tests.faults.transports import Dribbling
from tests.faults.world import STREAM, Account, World, account, told
from ui.views.present import sentence

WORDS = ["Mistral", ", ", "Sirocco", " ", "föhn", " and", " 北風", "."]
EVENTS = {"Content-Type": "text/event-stream"}


def answered(*tokens: str) -> Account:
    """Return the account of an answer that was given and paid once."""
    return Account(
        creates=1, predictions=1, state=State.SUCCEEDED, charged=True, text="".join(tokens)
    )


async def read_text(app: Process, job_id: str) -> list[str]:
    """Watch an answer to its end, and return the text as a person saw it grow."""
    events = await app.watched(job_id)
    return [event.total for event in events if isinstance(event, TextDelta)]


async def streams(world: World, count: int) -> None:
    """Return when a stream was asked for so many times."""
    await until(lambda: len(world.requests("GET", lambda path: "/streams/" in path)) >= count)


async def half(app: Process, job_id: str, text: str) -> None:
    """Return when a person has seen that text of an answer."""
    await app.until(job_id, lambda event: isinstance(event, TextDelta) and event.total == text)


@pytest.mark.parametrize("cut", [30, 47, 90, 130])
async def test_an_answer_that_was_cut_off_in_the_middle_of_a_word_goes_on_where_it_was(
    world: World, cut: int
) -> None:
    """The stream is cut inside an event while the model writes: what comes again isn't repeated."""
    world.emulator.inject(Fault(method="GET", path=STREAM, cut_after_bytes=cut))
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit(SPEAKER, tokens=WORDS)
        watching = asyncio.create_task(read_text(app, job_id))
        await streams(world, 2)
        world.go_on.set()
        seen = await watching

        assert await account(app, job_id) == answered(*WORDS)
    assert all("".join(WORDS).startswith(text) for text in seen)


@pytest.mark.parametrize("cut", [175, 236, 237, 330])
async def test_an_answer_that_was_cut_off_near_its_end_is_whole(world: World, cut: int) -> None:
    """The stream is cut inside an event or a character: the text is the prediction's output."""
    world.emulator.inject(Fault(method="GET", path=STREAM, cut_after_bytes=cut))

    async with world.process() as app:
        job_id = await app.submit(SPEAKER, tokens=WORDS)
        seen = await read_text(app, job_id)

        assert await account(app, job_id) == answered(*WORDS)
    assert world.emulator.predictions[0]["output"] == WORDS
    assert all("".join(WORDS).startswith(text) for text in seen)


@pytest.mark.parametrize("times", [1, None])
async def test_an_answer_whose_stream_just_ends_is_completed(
    world: World, times: int | None
) -> None:
    """The stream ends without `done`, once or each time: it is noticed, nothing is missing."""
    world.emulator.inject(Fault(method="GET", path=STREAM, end_after_events=2, times=times))

    async with world.process() as app:
        job_id = await app.submit(SPEAKER, tokens=WORDS)
        seen = await read_text(app, job_id)

        assert await account(app, job_id) == answered(*WORDS)
    assert seen[-1] == "".join(WORDS)


async def test_an_answer_keeps_every_character_however_it_comes(world: World) -> None:
    """U+2028, CRLF, several lines in a token, UTF-8 that comes byte by byte: all are exact."""
    async with world.process(transport=Dribbling()) as app:
        job_id = await app.submit(SPEAKER, tokens=ODD_TEXTS)
        seen = await read_text(app, job_id)

        assert await account(app, job_id) == answered(*ODD_TEXTS)
    whole = "".join(ODD_TEXTS)
    as_events = whole.replace("\r\n", "\n").replace("\r", "\n")  # they can't hold a CR
    assert all(as_events.startswith(text) or text == whole for text in seen)


@pytest.mark.parametrize(
    "tokens", [["https://example.com/a.png"], ["data:"], ["data:,x"], ["See ", "https://a.example"]]
)
async def test_an_answer_that_looks_like_an_address_stays_text(
    world: World, tokens: list[str]
) -> None:
    """Tokens such as “https://…” and “data:” are words: nothing is downloaded."""
    async with world.process() as app:
        job_id = await app.submit(SPEAKER, tokens=tokens)
        read = await told(app, job_id)

        assert await account(app, job_id) == answered(*tokens)
    assert not any(line.startswith("Downloading") for line in read)


@pytest.mark.parametrize("body", [None, ":408: 408 Request Timeout\n\n"])
async def test_an_answer_that_falls_silent_says_so_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, body: str | None
) -> None:
    """Nothing comes for 35 s (here 0.2 s), or Replicate closes the stream for that reason."""
    if body is None:
        monkeypatch.setattr(
            "core.client.client.OutputStream", partial(OutputStream, idle_seconds=0.2)
        )
    else:
        world.emulator.inject(Fault(method="GET", path=STREAM, body=body, headers=EVENTS))
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit(SPEAKER, tokens=WORDS)
        waiting = await app.until(job_id, lambda event: isinstance(event, Waiting))
        await streams(world, 2)
        world.go_on.set()
        read = await told(app, job_id)

        assert await account(app, job_id) == answered(*WORDS)
    assert "said nothing for a while: still listening" in sentence(waiting)
    assert read[-1] == "Done"


async def test_an_answer_with_unknown_events_and_events_without_ids_is_whole(
    world: World,
) -> None:
    """An event of a name that nobody knows is ignored, one without an id is used."""
    body = (
        "event: mystery\nid: 1\ndata: ?\n\n"
        "event: output\ndata: Mistral\n\n"
        "event: mystery\ndata: ??\n\n"
        "event: output\ndata: , \n\n"
        "data: nameless\n\n"
    )
    world.emulator.inject(Fault(method="GET", path=STREAM, body=body, headers=EVENTS))
    world.go_on.clear()

    async with world.process() as app:
        job_id = await app.submit(SPEAKER, tokens=WORDS)
        await half(app, job_id, "Mistral, ")
        world.go_on.set()
        await app.watched(job_id)

        assert await account(app, job_id) == answered(*WORDS)


async def test_stop_keeps_the_words_so_far_and_stops_the_model_even_if_it_takes_several_tries(
    world: World,
) -> None:
    """Stop: the partial text stays, and the cancel is sent until Replicate takes it."""
    world.emulator.inject(
        Fault(method="POST", path="/v1/predictions/*/cancel", status=502, times=7)
    )
    world.go_on.clear()
    so_far = "".join(WORDS[: len(WORDS) // 2])

    async with world.process() as app:
        job_id = await app.submit(SPEAKER, tokens=WORDS)
        await half(app, job_id, so_far)
        await app.jobs.cancel(job_id)
        events = await app.watched(job_id)

        assert await account(app, job_id) == Account(
            creates=1, predictions=1, state=State.CANCELED, charged=True, text=so_far
        )
    assert isinstance(events[-1], Canceled)
    assert sentence(events[-1]) == "Stopped: what ran until then is charged."
    assert world.emulator.predictions[0]["status"] == "canceled"
    assert len(world.requests("POST", lambda path: path.endswith("/cancel"))) == 8
