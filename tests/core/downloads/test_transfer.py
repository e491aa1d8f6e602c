"""A transfer that is broken off keeps what came, once and in its order."""

import asyncio
import errno
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from core.downloads.keptfile import KeptFile
from core.downloads.partfile import Facts
from core.downloads.transfer import Transfer


async def opened(folder: Path) -> Transfer:
    transfer = Transfer(
        "https://files.example/a.bin",
        folder / "a.bin",
        max_bytes=100,
        on_progress=None,
        partials=folder / "partials",
    )
    await transfer.open()
    transfer._part.learn(Facts('"one"', 10, None))
    return transfer


def kept(folder: Path) -> list[bytes]:
    return [part.read_bytes() for part in folder.glob("partials/*.part")]


async def test_what_a_cancelled_task_was_writing_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = await opened(tmp_path)
    is_cancelled, write = threading.Event(), KeptFile.write

    def slow(part: KeptFile, data: bytes) -> None:
        is_cancelled.wait(5)
        write(part, data)

    monkeypatch.setattr(KeptFile, "write", slow)
    transfer._unwritten = b"12345"
    writing = asyncio.create_task(transfer._write_all())
    await asyncio.sleep(0.05)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    is_cancelled.set()
    await transfer.close(is_lost=False)

    assert kept(tmp_path) == [b"12345"]


async def test_nothing_comes_in_the_place_of_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = await opened(tmp_path)
    write = KeptFile.write

    def full_once(part: KeptFile, data: bytes) -> None:
        monkeypatch.setattr(KeptFile, "write", write)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(KeptFile, "write", full_once)
    await transfer._begin_to_write(b"12345")
    transfer._unwritten = b"67890"
    await transfer.close(is_lost=False)

    assert kept(tmp_path) == []
