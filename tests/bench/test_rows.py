"""The table says what was measured, and whether the goals hold."""

import json

import pytest

from tests.bench.rows import Row, at_least, at_most, table


@pytest.mark.parametrize(
    ("ours", "peer", "goal", "ratio", "holds"),
    [
        (2.2, 2.0, at_most(1.1), 1.1, True),
        (2.3, 2.0, at_most(1.1), 1.15, False),
        (0.0, 2.0, at_most(1.1), 0.0, True),
        (90.0, 100.0, at_least(0.9), 0.9, True),
        (89.0, 100.0, at_least(0.9), 0.89, False),
        (5.0, 0.0, at_most(1.1), float("inf"), False),
        (994.0, None, at_least(990), None, True),
        (3.0, None, at_most(2), None, False),
    ],
)
def test_a_goal_is_on_the_ratio_or_without_a_peer_on_ours(
    ours: float, peer: float | None, goal: object, ratio: float | None, holds: bool
) -> None:
    row = Row("some metric", ours, goal, peer=peer)  # type: ignore[arg-type]

    assert row.ratio == (None if ratio is None else pytest.approx(ratio))
    assert row.holds is holds


def test_the_table_is_markdown_with_a_line_for_each_row() -> None:
    rows = [
        Row("a run", 1.234, at_most(1.2), peer=2.0, unit="ms", against="replicate"),
        Row("events", 50_123.4, at_least(0.9), peer=98_700, unit="/s", against="replicate.stream"),
        Row("lost runs", 3, at_most(0), why="the queue is full"),
    ]

    head, rule, *body = table(rows).splitlines()

    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in [head, *body]]
    assert cells == [
        ["metric", "ours", "peer", "ratio", "goal", "holds"],
        ["a run", "1.23 ms", "2 ms (replicate)", "0.617", "≤ 1.2", "yes"],
        ["events", "50,123/s", "98,700/s (replicate.stream)", "0.508", "≥ 0.9", "no"],
        ["lost runs", "3", "", "", "≤ 0", "no: the queue is full"],
    ]
    assert set(rule) == {"|", "-"}
    assert len({len(line) for line in (head, rule, *body)}) == 1


def test_no_rows_make_a_table_without_lines() -> None:
    assert len(table([]).splitlines()) == 2


def test_a_row_goes_into_json_with_its_verdict() -> None:
    row = Row("a run", 3.0, at_most(1.2), peer=2.0, unit="ms", against="replicate", load=0.5)

    told = json.loads(json.dumps(row.to_json()))

    assert told == {
        "metric": "a run",
        "ours": 3.0,
        "peer": 2.0,
        "unit": "ms",
        "against": "replicate",
        "load": 0.5,
        "why": "",
        "goal": "≤ 1.2",
        "ratio": 1.5,
        "holds": False,
    }
