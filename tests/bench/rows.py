"""What a benchmark found: a row of the table, its goal, and the curves of its plot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

_HEADINGS = ("metric", "ours", "peer", "ratio", "goal", "holds")


@dataclass(frozen=True)
class Goal:
    """What a row's ratio has to be, or, in a row without a peer, our own figure."""

    bound: float
    sense: Literal["at most", "at least"]

    def holds(self, value: float) -> bool:
        """Tell whether a value meets the goal."""
        return value <= self.bound if self.sense == "at most" else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.sense == 'at most' else '≥'} {self.bound:,g}"


def at_most(bound: float) -> Goal:
    """Return the goal of a cost."""
    return Goal(bound, "at most")


def at_least(bound: float) -> Goal:
    """Return the goal of a rate."""
    return Goal(bound, "at least")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        metric: what is measured, and where, in a few words.
        ours, peer: medians, in `unit`; no peer where our own figure is the goal's matter.
        unit: `ms`, `MB`, `/s`, … or "" for a count.
        against: who the peer is; in a row without one, what is known of others.
        load: the machine's load average over one minute when it was measured.
        why: why the goal doesn't hold, as far as it is known.
    """

    metric: str
    ours: float
    goal: Goal
    peer: float | None = None
    unit: str = ""
    against: str = ""
    load: float = 0.0
    why: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours by the peer's."""
        return None if self.peer is None else self.ours / self.peer if self.peer else float("inf")

    @property
    def holds(self) -> bool:
        """Whether the goal is met."""
        return self.goal.holds(self.ours if self.ratio is None else self.ratio)

    def to_json(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        return {**asdict(self), "goal": str(self.goal), "ratio": self.ratio, "holds": self.holds}


@dataclass(frozen=True)
class Curve:
    """How a cost grows: one panel of the plot, a line for each side."""

    title: str
    across: str
    up: str
    lines: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table, which people can read as it is."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    head, *body = (
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        for line in cells
    )
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([head, rule, *body])


def _cells(row: Row) -> tuple[str, ...]:
    peer = row.against if row.peer is None else f"{_figure(row.peer, row.unit)} ({row.against})"
    ratio = "" if row.ratio is None else _number(row.ratio)
    verdict = "yes" if row.holds else f"no: {row.why}" if row.why else "no"
    return row.metric, _figure(row.ours, row.unit), peer, ratio, str(row.goal), verdict


def _figure(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}" if unit and unit[0] != "/" else f"{_number(value)}{unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
