"""Starts the playground: arguments → settings → core → page → server; closes everything.

Imports of ours stand inside functions: Gradio takes seconds to load, and `--help` shouldn't wait.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socket import socket

    from core import Settings

_OLDEST_PYTHON = (3, 11)
_NEWEST_PYTHON = (3, 13)

_OFFLINE_TOKEN = "offline-demo"
"""The embedded emulator takes any bearer; this one can't be mistaken for a real token."""

_OFFLINE_BACKEND = "emulator"
"""The embedded demo's name in the archive: its port changes, and its jobs die with it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the app until it is told to stop; return the process's exit status."""
    arguments = _parse(argv)
    if not _OLDEST_PYTHON <= sys.version_info[:2] <= _NEWEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        return _refuse(f"Replicate Playground runs on Python 3.11 to 3.13; this is {found}.")

    from core import PlaygroundError
    from ui.listening import listen

    try:
        with listen(arguments.host, arguments.port) as listening:
            asyncio.run(_serve(arguments, listening))
    except (PlaygroundError, OSError) as error:
        return _refuse(str(error))
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="app.py",
        description="Try any model on Replicate; without a token, an offline demo of it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on, 0 for any")
    parser.add_argument(
        "--offline", action="store_true", help="use the embedded demo even if there is a token"
    )
    parser.add_argument(
        "--schemas",
        type=_folder,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="a folder of models' schemas for the embedded demo to serve too; means --offline",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="where history and media are kept",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="don't open the page in a browser"
    )
    return parser.parse_args(argv)


def _folder(text: str) -> Path:
    if not Path(text).expanduser().is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return Path(text).expanduser()


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


async def _serve(arguments: argparse.Namespace, listening: socket) -> None:
    from core import AsyncReplicateClient, Settings
    from core.emulator import Emulator
    from core.history.archive import Archive
    from core.history.curating import keep_bin_empty
    from core.history.media import MediaStore
    from core.jobs.account import Account
    from core.jobs.jobs import Jobs
    from core.logs import configure_logging
    from core.models.cache import DescriptionCache
    from ui.page import build_page
    from ui.server import PageServer
    from ui.services import Services

    given = "data_dir" in arguments
    settings = Settings(data_dir=arguments.data_dir) if given else Settings()
    configure_logging(settings)
    async with AsyncExitStack() as opened:
        schemas = getattr(arguments, "schemas", None)
        offline = bool(arguments.offline or schemas or settings.replicate_api_token is None)
        if offline:
            emulator = opened.enter_context(
                Emulator(port=0, speed=settings.demo_speed, schemas=schemas)
            )
            settings = _pointed_at(settings, emulator.url)
        client = await opened.enter_async_context(AsyncReplicateClient(settings))
        account = None
        if not offline:
            remembered = settings.data_dir / "accounts.json"
            account = await opened.enter_async_context(Account(client, remembered))
        # The page opens whatever is wrong with the history, and says it.
        archive = await opened.enter_async_context(
            Archive.open(settings.database_url_or_default, on_demand=True)
        )
        media = MediaStore(settings.data_dir / "media")
        # The embedded demo is always there to be asked.
        kept = None if offline else DescriptionCache(settings.data_dir / "cache" / "models")
        jobs = await opened.enter_async_context(
            Jobs(
                client,
                archive,
                media,
                backend=account or _OFFLINE_BACKEND,
                max_running=settings.max_running,
                backend_is_embedded=offline,
                descriptions=kept,
            )
        )
        for work in (jobs.resume(), keep_bin_empty(archive, media)):
            opened.callback(asyncio.create_task(work).cancel)
        services = Services(account, client, archive, media, jobs)
        server = PageServer(build_page(services), media_root=media.root, host=arguments.host)
        await server.serve(listening, open_browser=not arguments.no_browser)


def _pointed_at(settings: Settings, emulator_url: str) -> Settings:
    from pydantic import SecretStr

    return settings.model_copy(
        update={
            "replicate_api_token": SecretStr(_OFFLINE_TOKEN),
            "base_url": emulator_url,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
