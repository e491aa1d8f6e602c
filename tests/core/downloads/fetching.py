"""A process that downloads one output, to be killed: `… origin path partials`."""

import asyncio
import sys
from functools import partial
from pathlib import Path

import httpx2

from core.downloads.downloader import Downloader


async def fetch(origin: str, path: Path, partials: Path) -> None:
    """Download what the origin serves."""
    downloader = Downloader(
        trusted_origins=frozenset({origin}),
        max_bytes=100_000_000,
        transport=partial(httpx2.AsyncHTTPTransport, verify=False),
    )
    await downloader.fetch(f"{origin}/output.bin", path, partials=partials)


if __name__ == "__main__":
    asyncio.run(fetch(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
