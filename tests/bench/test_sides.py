"""Sides run in turn, in fresh processes that know no token; a failure is never a figure."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.sides import Figures, clean_environment, compare, medians, side


def doubled(*, number: float) -> Figures:
    print("what a side prints is no figure")
    return {"doubled": number * 2, "pid": os.getpid()}


async def awaited(*, number: float) -> Figures:
    return {"number": number}


def failing() -> Figures:
    raise RuntimeError("the measured thing failed")


def secrets(*, names: list[str]) -> Figures:
    return {name: float(name in os.environ) for name in names}


def noting(name: str, into: list[str], values: list[float]) -> Callable[[], Figures]:
    def measure() -> Figures:
        into.append(name)
        return {"ms": values[into.count(name) - 1]}

    return measure


def test_sides_run_in_turn_every_second_round_backwards_and_give_medians() -> None:
    order: list[str] = []

    found = compare(
        3, ours=noting("ours", order, [9, 1, 2]), peer=noting("peer", order, [4, 4, 100])
    )

    assert order == ["ours", "peer", "peer", "ours", "ours", "peer"]
    assert found == {"ours": {"ms": 2}, "peer": {"ms": 4}}


def test_each_figure_has_its_own_median() -> None:
    assert medians([{"a": 1, "b": 9}, {"a": 3, "b": 5}]) == {"a": 2, "b": 7}


def test_a_side_runs_in_a_process_of_its_own() -> None:
    found = compare(1, ours=side(doubled, number=21), other=side(awaited, number=7))

    assert found["ours"]["doubled"] == 42
    assert found["ours"]["pid"] != os.getpid()
    assert found["other"] == {"number": 7}


def test_a_side_that_fails_is_no_figure(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        side(failing).measure()

    assert "the measured thing failed" in capfd.readouterr().err


def test_no_token_and_no_setting_reaches_a_side(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["REPLICATE_API_TOKEN", "replicate_api_token", "PLAYGROUND_DATA", "UNRELATED"]
    for name in names:
        monkeypatch.setenv(name, "set")

    found = side(secrets, names=names).measure()

    assert {name for name, is_there in found.items() if is_there} == {"UNRELATED"}


def test_what_is_given_to_a_side_comes_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "secret")

    environment = clean_environment(PLAYGROUND_DATA="here")

    assert environment["PLAYGROUND_DATA"] == "here"
    assert "REPLICATE_API_TOKEN" not in environment
    assert Path(environment["PATH"].split(os.pathsep)[0]).is_absolute()
