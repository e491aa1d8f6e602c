"""How far apart requests must be, as refusals teach it."""

import math
from dataclasses import dataclass

from core.backoff import LONGEST_WAIT_SECONDS

_CLOSE_ENOUGH = 0.08
"""How near to the limit an interval is learned; each step nearer may cost a refusal."""

_FORGETTING = 0.995
_MOST_DOUBLINGS = 9

_SHORTEST_REFUSAL_SECONDS = 0.1


@dataclass(frozen=True)
class Sent:
    """A request that was let through.

    Attributes:
        number: counted from the limit's first.
        at: when, by the clock.
        since_last: seconds since the one before it that wasn't refused.
        interval: the one that was learned by then.
    """

    number: int
    at: float
    since_last: float
    interval: float | None


class Pace:
    """The interval between requests that refusals taught; none while there were none.

    A refusal that comes one request after another says how far apart they must be, to the second
    where it tells whole seconds. Between what was refused and what was accepted it is halved.
    """

    def __init__(self) -> None:
        self.interval: float | None = None
        self._too_short = 0.0
        self._was_refused = 0.0
        self._good: float | None = None
        self._learned_at = -math.inf
        self._number = 0
        self._vain = 0

    def accepted(self, sent: Sent) -> None:
        """Go nearer to the limit, after a request that was sent at the interval of now."""
        if self.interval is None or sent.interval != self.interval or sent.at <= self._learned_at:
            return
        self._vain = 0
        self._good = self.interval
        if sent.since_last < self._was_refused:
            self._learn_too_short(0.0)  # the limit was raised, or what was saved up is used
        if self.interval - self._too_short > _CLOSE_ENOUGH * self.interval:
            self.interval = (self.interval + self._too_short) / 2
        else:
            self._too_short *= _FORGETTING  # now and then it is tried once more

    def refused(
        self,
        sent: Sent,
        asked_seconds: float | None,
        *,
        now: float,
        last_at: float | None,
        was_denser: bool = False,
    ) -> float:
        """Learn from a refusal, and return how long nothing is worth sending.

        Args:
            last_at: when the one before it was sent that wasn't refused.
            was_denser: whether those before followed each other faster than this one followed
                them: then it wasn't refused for following too fast.
        """
        if sent.at <= self._learned_at:
            return asked_seconds or 0.0  # it was on its way when the last one taught the same
        seconds = max(asked_seconds or 0.0, _SHORTEST_REFUSAL_SECONDS)
        if asked_seconds is None or self._vain:
            doubled = 0.25 * 2 ** min(self._vain, _MOST_DOUBLINGS)
            seconds = max(seconds, min(LONGEST_WAIT_SECONDS, doubled))
        whole_seconds = asked_seconds is None or asked_seconds == int(asked_seconds)
        told = (now - last_at if last_at is not None else 0.0) + seconds
        accepted_since = sent.number - self._number - 1
        since_last = 0.0 if was_denser or last_at is None else min(sent.since_last, told)
        if accepted_since == 0 and self.interval is not None:
            self._vain += 1
            self._learn_too_short(max(self._too_short, since_last))
            self.interval = max(told, self._too_short * (1 + _CLOSE_ENOUGH))
        elif self.interval is None:
            is_interval = accepted_since == 1 and last_at is not None
            inexact = 1.0 if whole_seconds else _CLOSE_ENOUGH * told
            self._learn_too_short(max(since_last, told - inexact) if is_interval else since_last)
            self.interval = told
        else:
            self._learn_too_short(since_last)
            is_better = self._good is not None and self._good > since_last * (1 + _CLOSE_ENOUGH)
            further = since_last * 1.5 or told
            self.interval = self._good if is_better else min(told, further)
        self._good = None
        self._number = sent.number
        self._learned_at = now
        return seconds

    def _learn_too_short(self, seconds: float) -> None:
        self._too_short = self._was_refused = seconds
