"""What the disk refuses is one sentence, and leaves nothing behind."""

import errno
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.downloads.downloader import Downloader
from core.errors import (
    DiskFull,
    DownloadError,
)
from tests.core.downloads.file_server import FileServer
from tests.core.downloads.material import CUT, PNG, Progress, files


@contextmanager
def largest_file(max_bytes: int) -> Iterator[None]:
    """Let the system itself refuse to make files larger than that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_fills_up_leaves_nothing_and_says_so(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    with largest_file(CUT), pytest.raises(DiskFull, match="free some space"):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []
    assert len(server.requests) == 1


async def test_a_file_that_does_not_fit_on_the_disk_is_not_begun(
    server: FileServer, downloader: Downloader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free=len(PNG) - 1))
    progress = Progress()

    with pytest.raises(DiskFull, match="free some space"):
        await downloader.fetch(server.url(), tmp_path / "0", on_progress=progress.tell)

    assert progress == []
    assert files(tmp_path) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_disk_that_is_full_only_at_the_end_leaves_nothing(
    number: int,
    server: FileServer,
    downloader: Downloader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(DiskFull):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert files(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
async def test_a_folder_that_can_not_be_written_to_is_named_before_anything_is_asked(
    number: int,
    server: FileServer,
    downloader: Downloader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(path: Path, *args: Any, **options: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(DownloadError, match=rf"{tmp_path} can't be written to: choose another"):
        await downloader.fetch(server.url(), tmp_path / "0")

    assert server.requests == []


@pytest.mark.parametrize("name", ["folder", "folder/.", "folder/.."])
async def test_a_folder_is_no_place_for_a_file(
    name: str, server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(DownloadError, match="is a folder: give the name of a file in it"):
        await downloader.fetch(server.url(), tmp_path / name)

    assert server.requests == []


async def test_a_folder_in_the_place_of_the_finished_file_leaves_nothing(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    (tmp_path / "0.png").mkdir()

    with pytest.raises(DownloadError, match=r"0\.png is a folder"):
        await downloader.fetch(server.url("fox.png"), tmp_path / "0")

    assert files(tmp_path) == []


async def test_a_file_in_the_way_of_a_folder_is_said(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(DownloadError, match="a file is in its way"):
        await downloader.fetch(server.url(), tmp_path / "file" / "0")

    assert server.requests == []


async def test_a_name_that_is_too_long_leaves_nothing(
    server: FileServer, downloader: Downloader, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match="choose a shorter one"):
        await downloader.fetch(server.url(), tmp_path / ("a" * 300))

    assert files(tmp_path) == []
