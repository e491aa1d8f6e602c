"""Runs each side of a comparison in a process of its own, in turn with the others."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]
_SECONDS = 900

Figures = Mapping[str, float]
"""What a side measured, by name."""


@dataclass(frozen=True)
class Side:
    """A function in a fresh interpreter, which takes JSON and returns figures.

    A coroutine function runs by `asyncio.run`. Nothing of the environment's own settings reaches
    it.
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Any]

    def measure(self) -> Figures:
        """Run it once."""
        name = f"{self.function.__module__}:{self.function.__qualname__}"
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.sides", name, json.dumps(dict(self.arguments))],
            cwd=ROOT,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        return figures


def side(function: Callable[..., Any], **arguments: Any) -> Side:
    """Return a side; its arguments are given as JSON."""
    return Side(function, arguments)


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment for a process that is measured."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("REPLICATE_", "PLAYGROUND_"))
    }
    return {**kept, "PYTHONWARNINGS": "ignore", **more}


def compare(rounds: int, /, **sides: Side | Callable[[], Figures]) -> dict[str, dict[str, float]]:
    """Run the sides in turn, that many rounds, and return each one's medians.

    Every second round goes backwards, so that no side always comes after the same other.
    """
    found: dict[str, list[Figures]] = {name: [] for name in sides}
    order = list(sides)
    for number in range(rounds):
        for name in order if number % 2 == 0 else reversed(order):
            one = sides[name]
            found[name].append(one.measure() if isinstance(one, Side) else one())
    return {name: medians(figures) for name, figures in found.items()}


def medians(rounds: list[Figures]) -> dict[str, float]:
    """Return the median of each figure."""
    return {name: median(figures[name] for figures in rounds) for name in rounds[0]}


def _main() -> None:
    module, _, function = sys.argv[1].partition(":")
    result = getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))

    async def awaited() -> Any:
        return await result

    print("\n" + json.dumps(asyncio.run(awaited()) if isawaitable(result) else result))


if __name__ == "__main__":
    _main()
