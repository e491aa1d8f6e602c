"""Turns come in order, no more at once than allowed, and each knows its place."""

import asyncio

from core.jobs.turns import Turn, Turns


def ask(turns: Turns) -> tuple[Turn, list[int]]:
    places: list[int] = []
    return turns.ask(places.append), places


async def has_come(turn: Turn) -> bool:
    try:
        async with asyncio.timeout(0.01):
            return await turn.wait()
    except TimeoutError:
        return False


async def test_so_many_have_their_turn_at_once_and_the_next_when_one_gives_it_back() -> None:
    turns = Turns(2)
    asked = [ask(turns)[0] for _ in range(4)]

    before = [await has_come(turn) for turn in asked]
    asked[1].give_back()
    after = [await has_come(turn) for turn in asked[2:]]

    assert before == [True, True, False, False]
    assert after == [True, False]


async def test_each_is_told_its_place_whenever_that_changes() -> None:
    turns = Turns(1)
    running, running_places = ask(turns)
    second, second_places = ask(turns)
    _, third_places = ask(turns)

    second.leave()
    running.give_back()

    assert running_places == []
    assert second_places[0] == 1
    assert third_places == [2, 1]
    assert await second.wait() is False


async def test_leaving_with_ones_turn_come_keeps_it() -> None:
    turns = Turns(1)
    turn, _ = ask(turns)
    other, _ = ask(turns)

    turn.leave()

    assert await turn.wait() is True
    assert not await has_come(other)


async def test_giving_back_twice_makes_no_second_place() -> None:
    turns = Turns(1)
    first, _ = ask(turns)
    second, third = ask(turns)[0], ask(turns)[0]

    first.give_back()
    first.give_back()

    assert [await has_come(turn) for turn in (second, third)] == [True, False]


async def test_what_runs_already_takes_its_turn_beyond_the_limit_and_others_wait_for_it() -> None:
    turns = Turns(1)
    taken = [turns.take() for _ in range(2)]
    waiting, _ = ask(turns)

    taken[0].give_back()
    after_one = await has_come(waiting)
    taken[1].give_back()

    assert after_one is False
    assert await waiting.wait() is True
