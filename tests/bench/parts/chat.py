"""Chats on the page: server CPU of a long answer, and first words when many ask at once."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from statistics import median
from typing import Any

from tests.bench.apps import app, peer
from tests.bench.bench import Bench, load_average
from tests.bench.gauges import cpu_seconds
from tests.bench.rows import Curve, Goal, Row, at_most
from tests.bench.servers import Server
from tests.bench.sides import Figures, compare
from tests.bench.visitors import Visitor, visitors

_PEER = "gr.Chatbot, a yield a token"

Opens = Callable[[], AbstractContextManager[Server]]


class Chat:
    """A conversation in the app's Chat tab."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def ask(self, count: int, rate: float) -> float:
        """Ask for so many words, so many a second; return the seconds to the first of them."""
        began = time.perf_counter()
        page = self._visitor
        send, stream, commit = map(page.event, ("send", "stream", "commit"))
        data = page.values(send)
        data[1] = {"text": _question(count, rate), "files": []}
        await page.send(send, data)
        first = await _first_words(page, stream, page.values(stream), began)
        chatbot, *_ = await page.send(commit, page.values(commit))
        assert _words_in(chatbot[-1]) == count, chatbot[-1]
        return first


class PeerChat:
    """A conversation in `tests/bench/peers/chat.py`, whose page holds its history."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._history: list[Any] = []

    async def ask(self, count: int, rate: float) -> float:
        """Ask for so many words, so many a second; return the seconds to the first of them."""
        began = time.perf_counter()
        page = self._visitor
        user, bot = map(page.event, ("user", "bot"))
        _, self._history = await page.send(user, [_question(count, rate), self._history])
        first = await _first_words(page, bot, [self._history], began, self._keep)
        assert _words_in(self._history[-1]) == count, self._history[-1]
        return first

    def _keep(self, outputs: list[Any]) -> None:
        [self._history] = outputs


def rows(bench: Bench) -> Iterator[Row | Curve]:
    """Compare with a page that yields its Chatbot for each token."""
    yield from _long_answers(bench)
    yield from _many_at_once(bench)


def _long_answers(bench: Bench) -> Iterator[Row | Curve]:
    count, rate = bench.size((3000, 300), (60, 300))
    sizes = bench.size({1: 0.25, 50: 0.06}, {1: 0.25, 4: 0.06})
    lines: dict[str, list[tuple[float, float]]] = {"ours": [], _PEER: []}
    with bench.emulator() as emulator, ExitStack() as opened:
        ours = opened.enter_context(app(bench.folder, replicate_url=emulator.url))
        theirs = opened.enter_context(peer("chat", replicate_url=emulator.url))
        for turns, goal in sizes.items():
            found = compare(
                bench.rounds,
                ours=lambda turns=turns: asyncio.run(_cpu(ours, Chat, turns, count, rate)),
                peer=lambda turns=turns: asyncio.run(_cpu(theirs, PeerChat, turns, count, rate)),
            )
            lines["ours"].append((turns, found["ours"]["cpu"]))
            lines[_PEER].append((turns, found["peer"]["cpu"]))
            yield Row(
                f"server CPU, {count:,} tokens at {rate}/s in a chat of {turns} "
                f"turn{'' if turns == 1 else 's'}",
                found["ours"]["cpu"],
                at_most(goal),
                peer=found["peer"]["cpu"],
                unit="s",
                against=_PEER,
                load=load_average(),
            )
    yield Curve(f"{count:,} tokens of a chat", "turns before", "server CPU, s", lines)


def _many_at_once(bench: Bench) -> Iterator[Row]:
    """Let many ask at once: at each one's defaults, and with as many allowed on both."""
    chats = bench.size(40, 4)
    count, rate = bench.size((60, 60), (10, 60))
    goal = at_most(0.5)
    with bench.emulator() as emulator:
        url = emulator.url
        apps: dict[str, tuple[Opens, Opens]] = {
            "at the defaults of both": (
                lambda: app(bench.folder, replicate_url=url),
                lambda: peer("chat", replicate_url=url),
            ),
            "all of which may run": (
                lambda: app(bench.folder, replicate_url=url, PLAYGROUND_MAX_RUNNING=str(chats)),
                lambda: peer("chat", replicate_url=url, GRADIO_DEFAULT_CONCURRENCY_LIMIT="none"),
            ),
        }
        for limits, sides in apps.items():
            yield _at_once(bench.rounds, limits, sides, chats, count, rate, goal)


def _at_once(
    rounds: int,
    limits: str,
    sides: tuple[Opens, Opens],
    chats: int,
    count: int,
    rate: float,
    goal: Goal,
) -> Row:
    with sides[0]() as ours, sides[1]() as theirs:
        found = compare(
            rounds,
            ours=lambda: asyncio.run(_worst_first(ours, Chat, chats, count, rate)),
            peer=lambda: asyncio.run(_worst_first(theirs, PeerChat, chats, count, rate)),
        )
    return Row(
        f"{chats} chats of {count} tokens at {rate}/s at once, {limits}: worst first words",
        found["ours"]["seconds"],
        goal,
        peer=found["peer"]["seconds"],
        unit="s",
        against=_PEER,
        load=load_average(),
    )


async def _cpu(server: Server, chat: Any, turns: int, count: int, rate: float) -> Figures:
    async with visitors(server.url, 2) as [first, visitor]:
        await chat(first).ask(5, 1000)  # what is loaded by the first chat of all
        await visitor.arrive()
        one = chat(visitor)
        for _ in range(turns // 2):  # a turn is a question or its answer
            await one.ask(5, 1000)
        before = cpu_seconds(server.pid)
        await one.ask(count, rate)
        return {"cpu": cpu_seconds(server.pid) - before}


async def _worst_first(server: Server, chat: Any, chats: int, count: int, rate: float) -> Figures:
    async with visitors(server.url, chats + 1) as [first, *all_of_them]:
        await chat(first).ask(5, 1000)  # what is loaded by the first chat of all
        for visitor in all_of_them:
            await visitor.arrive()
        firsts = await asyncio.gather(*(chat(one).ask(count, rate) for one in all_of_them))
        return {"seconds": max(firsts), "median": median(firsts)}


def _question(count: int, rate: float) -> str:
    return f"{count} words at {rate} a second"


async def _first_words(
    page: Visitor,
    event: int,
    data: list[Any],
    began: float,
    keep: Callable[[list[Any]], None] | None = None,
) -> float:
    """Follow an answer to its end, and return the seconds to its first words."""
    first = None
    async for message in page.follow(event, data):
        if first is None and "word0" in json.dumps(message):
            first = time.perf_counter() - began
        if message["msg"] == "process_completed" and keep is not None:
            keep(message["output"]["data"])
    assert first is not None, "no words came"
    return first


def _words_in(turn: Any) -> int:
    return json.dumps(turn["content"]).count("word")
