"""Models that wait for a test's word: what is seen while they work is seen for sure."""

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from core.emulator import Runner
from core.emulator.runner import Context, File, Step, Token


def gated(runner: Runner, go_on: threading.Event, *, after_words: int = 3) -> Runner:
    """Return a model that waits for `go_on` before its first file, or after so many words."""

    async def run(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        said = 0
        async with aclosing(runner.run(given, context)) as steps:  # type: ignore[type-var]
            async for step in steps:
                if isinstance(step, File) or said == after_words:
                    while not go_on.is_set():
                        await context.sleep(1)
                said += isinstance(step, Token)
                yield step

    return replace(runner, run=run)
