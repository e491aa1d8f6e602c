"""Reads the files that an input names."""

import asyncio
from collections.abc import Mapping
from typing import Any

from PIL import Image

from core.emulator.pictures import decode
from core.emulator.runner import Context


async def pictures(
    model_input: Mapping[str, Any], context: Context, *names: str
) -> list[Image.Image]:
    """Fetch and decode the pictures of these inputs, each a URI or a list of them.

    Raises:
        ModelError: one can't be read, or is no picture.
    """
    return [
        await asyncio.to_thread(decode, await context.fetch(uri))
        for uri in uris(model_input, *names)
    ]


async def picture(
    model_input: Mapping[str, Any], context: Context, *names: str
) -> Image.Image | None:
    """Fetch and decode the first picture that these inputs give, if any.

    Raises:
        ModelError: it can't be read, or is no picture.
    """
    for uri in uris(model_input, *names)[:1]:
        return await asyncio.to_thread(decode, await context.fetch(uri))
    return None


def uris(model_input: Mapping[str, Any], *names: str) -> list[str]:
    """Return the URIs that these inputs give, each one or a list of them; empty ones left out."""
    found: list[str] = []
    for name in names:
        value = model_input.get(name) or []
        found += [value] if isinstance(value, str) else value
    return [uri for uri in found if uri]
