"""Whose turn it is: so many at once, the others one after the other in the order they came."""

import asyncio
from collections import deque
from collections.abc import Callable

OnPlace = Callable[[int], None]
"""Told each new place in the queue; 1 is next."""


class Turn:
    """One place in the queue, and later one of those whose turn it is."""

    def __init__(self, turns: "Turns", on_place: OnPlace) -> None:
        """Use `Turns.ask` or `Turns.take`."""
        self.on_place = on_place
        self._turns = turns
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


class Turns:
    """Gives out turns. Belongs to one event loop.

    Args:
        limit: how many may have theirs at once.
    """

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._queue: deque[Turn] = deque()
        self._current: set[Turn] = set()

    def ask(self, on_place: OnPlace) -> Turn:
        """Join the queue."""
        turn = Turn(self, on_place)
        self._queue.append(turn)
        self._call()
        return turn

    def take(self) -> Turn:
        """Return a turn that has come already, beyond the limit if there is no free one."""
        turn = Turn(self, lambda _: None)
        self._begin(turn)
        return turn

    def _call(self) -> None:
        while self._free > 0 and self._queue:
            self._begin(self._queue.popleft())
        for place, turn in enumerate(self._queue, start=1):
            turn.on_place(place)

    def _begin(self, turn: Turn) -> None:
        self._free -= 1
        self._current.add(turn)
        turn._decide(has_come=True)

    def _leave(self, turn: Turn) -> None:
        if turn in self._queue:
            self._queue.remove(turn)
            turn._decide(has_come=False)
            self._call()

    def _end(self, turn: Turn) -> None:
        if turn in self._current:
            self._current.remove(turn)
            self._free += 1
            self._call()
