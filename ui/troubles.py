"""What becomes of errors that a handler raises: a sentence for the person, or nothing at all."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from core import PlaygroundError
from core.history.archive import ArchiveError

P = ParamSpec("P")
T = TypeVar("T")


def told(handler: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Return a handler whose errors are shown to the person who asked for something."""

    @wraps(handler)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await handler(*args, **kwargs)
        except PlaygroundError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return telling


def told_midway(
    handler: Callable[P, AsyncGenerator[T]],
) -> Callable[P, AsyncGenerator[T]]:
    """Return the same of a handler that yields."""

    @wraps(handler)
    async def telling(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
        try:
            async with aclosing(handler(*args, **kwargs)) as values:
                async for value in values:
                    yield value
        except PlaygroundError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return telling


def quiet(handler: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Return a handler that leaves all as it is while the history can't be used.

    It is for what a page does by itself; the banner says what is wrong.
    """

    @wraps(handler)
    async def waiting(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await handler(*args, **kwargs)
        except ArchiveError:
            unchanged: Any = gr.skip()
            return unchanged  # type: ignore[no-any-return]

    return waiting
