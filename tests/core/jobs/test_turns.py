"""Turns come in order, no more at once than allowed, and each knows its place."""

import asyncio

from core.jobs.turns import Turn, Turns


def ask(turns: Turns, lane: str = "") -> tuple[Turn, list[int]]:
    places: list[int] = []
    return turns.ask(places.append, lane), places


async def called(turns: Turns, *waiting: tuple[str, Turn], first: Turn) -> list[str]:
    """Return the names of those who wait, as they are called one after the other."""
    left = dict(waiting)
    names = []
    current = first
    while left:
        current.give_back()
        [name] = [name for name, turn in left.items() if await has_come(turn)]
        names.append(name)
        current = left.pop(name)
    return names


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
    assert second_places == [1]
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


async def test_lanes_take_turns_so_that_a_long_one_holds_no_other_up() -> None:
    turns = Turns(1)
    running, _ = ask(turns, "ann")
    waiting = [(f"ann{n}", ask(turns, "ann")[0]) for n in range(4)]
    waiting += [(f"bob{n}", ask(turns, "bob")[0]) for n in range(2)]
    waiting += [("cyd0", ask(turns, "cyd")[0])]

    names = await called(turns, *waiting, first=running)

    assert names == ["ann0", "bob0", "cyd0", "ann1", "bob1", "ann2", "ann3"]


async def test_a_lane_that_always_has_one_more_does_not_come_before_those_who_wait() -> None:
    turns = Turns(1)
    running, _ = ask(turns, "ann")
    bob, _ = ask(turns, "bob")
    again, again_places = ask(turns, "ann")

    running.give_back()
    third, third_places = ask(turns, "ann")

    assert await bob.wait() is True
    assert (again_places, third_places) == ([2, 1], [2])
    assert await called(turns, ("again", again), ("third", third), first=bob) == ["again", "third"]


async def test_places_are_those_of_the_order_in_which_they_are_called() -> None:
    turns = Turns(1)
    running, _ = ask(turns, "ann")
    lanes = ["ann", "ann", "ann", "bob", "cyd", "bob", "cyd", "cyd", "dan"]
    asked = [ask(turns, lane) for lane in lanes]
    asked.pop(3)[0].leave()
    told = {str(n): places[-1] for n, (_, places) in enumerate(asked)}
    waiting = [(str(n), turn) for n, (turn, _) in enumerate(asked)]

    names = await called(turns, *waiting, first=running)

    assert names == sorted(told, key=told.__getitem__)
    assert sorted(told.values()) == list(range(1, 9))


async def test_only_those_whose_place_changes_are_told() -> None:
    turns = Turns(1)
    running, _ = ask(turns, "ann")
    _, first = ask(turns, "ann")
    _, second = ask(turns, "ann")
    bob, newcomer = ask(turns, "bob")

    before = (list(first), list(second), list(newcomer))
    bob.leave()
    running.give_back()

    assert before == ([1], [2, 3], [2])
    assert (first, second, newcomer) == ([1], [2, 3, 2, 1], [2])


async def test_a_lane_that_is_left_by_all_is_forgotten() -> None:
    turns = Turns(1)
    running, _ = ask(turns, "ann")
    left, _ = ask(turns, "bob")

    left.leave()
    running.give_back()

    assert turns._lanes == {}
