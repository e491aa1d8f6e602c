"""Whose turn it is: so many at once; the others queue in lanes, which are served one by one.

A lane that queues fifty jobs holds another lane's one job up for one of them, not for fifty.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

OnPlace = Callable[[int], None]
"""Told each new place in the queue; 1 is next."""


class Turn:
    """One place in the queue, and later one of those whose turn it is."""

    def __init__(self, turns: "Turns", on_place: OnPlace, lane: str) -> None:
        """Use `Turns.ask` or `Turns.take`."""
        self._turns = turns
        self._on_place = on_place
        self._lane = lane
        self._place = 0
        self._has_come = asyncio.get_running_loop().create_future()

    async def wait(self) -> bool:
        """Return True when the turn has come, False when it left the queue before that."""
        return await asyncio.shield(self._has_come)

    def leave(self) -> None:
        """Leave the queue; when the turn has come already, this does nothing."""
        self._turns._leave(self)

    def give_back(self) -> None:
        """Let the next one have it, or leave the queue; a second time does nothing."""
        self._turns._leave(self)
        self._turns._end(self)

    def _decide(self, *, has_come: bool) -> None:
        if not self._has_come.done():
            self._has_come.set_result(has_come)

    def _move(self, place: int) -> None:
        if place != self._place:
            self._place = place
            self._on_place(place)


class Turns:
    """Gives out turns. Belongs to one event loop.

    Args:
        limit: how many may have theirs at once.
    """

    def __init__(self, limit: int) -> None:
        self._free = limit
        # Those who wait, by lane, the lane that is served next first. None is ever empty.
        self._lanes: dict[str, deque[Turn]] = {}
        self._current: set[Turn] = set()

    def ask(self, on_place: OnPlace, lane: str = "") -> Turn:
        """Join the queue.

        Args:
            on_place: told the place when it isn't its turn at once, and whenever that changes; a
                newcomer in another lane can move it back by one.
            lane: the lanes take turns, and inside a lane who comes first is served first.
        """
        turn = Turn(self, on_place, lane)
        # A new lane comes after the others, so that no number of them can hold one up for long.
        self._lanes.setdefault(lane, deque()).append(turn)
        self._call()
        return turn

    def take(self) -> Turn:
        """Return a turn that has come already, beyond the limit if there is no free one."""
        turn = Turn(self, lambda _: None, "")
        self._begin(turn)
        return turn

    def _call(self) -> None:
        while self._free > 0 and self._lanes:
            lane = next(iter(self._lanes))
            waiting = self._lanes.pop(lane)
            self._begin(waiting.popleft())
            if waiting:
                self._lanes[lane] = waiting
        for place, turn in enumerate(self._in_order(), start=1):
            turn._move(place)

    def _in_order(self) -> Iterator[Turn]:
        """Yield those who wait, as they will be called if nobody else comes or leaves."""
        lanes = [iter(waiting) for waiting in self._lanes.values()]
        while lanes:
            going_on = []
            for lane in lanes:
                if (turn := next(lane, None)) is not None:
                    yield turn
                    going_on.append(lane)
            lanes = going_on

    def _begin(self, turn: Turn) -> None:
        self._free -= 1
        self._current.add(turn)
        turn._decide(has_come=True)

    def _leave(self, turn: Turn) -> None:
        waiting = self._lanes.get(turn._lane)
        if waiting is None or turn not in waiting:
            return
        waiting.remove(turn)
        if not waiting:
            del self._lanes[turn._lane]
        turn._decide(has_come=False)
        self._call()

    def _end(self, turn: Turn) -> None:
        if turn in self._current:
            self._current.remove(turn)
            self._free += 1
            self._call()
