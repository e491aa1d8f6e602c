"""Descriptions are kept whole or not at all, and never grow beyond their bounds."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.downloads.partfile import PartFile
from core.models.cache import DescriptionCache, Kept
from core.models.descriptions import Model, Version

BACKEND = "https://api.example#ann"
FOX = "acme/fox"
KEPT = Kept(
    Model("acme", "fox", "Foxes", version=Version("0a", openapi_schema={"openapi": "3.0.2"})),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


@pytest.fixture
def cache(folder: Path) -> DescriptionCache:
    return DescriptionCache(folder)


def the_file(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


def store_in_turn(cache: DescriptionCache, folder: Path, *names: str) -> None:
    """Store models, each a second after the one before."""
    known: set[Path] = set()
    for n, name in enumerate(names):
        cache.store(BACKEND, name, KEPT)
        for path in set(folder.iterdir()) - known:
            os.utime(path, (1_000_000_000 + n,) * 2)
            known.add(path)


def test_what_is_stored_is_there_for_another_process(cache: DescriptionCache, folder: Path) -> None:
    cache.store(BACKEND, FOX, KEPT)

    assert DescriptionCache(folder).load(BACKEND, FOX) == KEPT


def test_the_newest_description_takes_the_place_of_the_one_before(
    cache: DescriptionCache, folder: Path
) -> None:
    newer = Kept(Model("acme", "fox", "Better foxes"), datetime(2026, 3, 2, tzinfo=UTC))

    cache.store(BACKEND, FOX, KEPT)
    cache.store(BACKEND, FOX, newer)

    assert cache.load(BACKEND, FOX) == newer
    assert the_file(folder)


@pytest.mark.parametrize(
    ("backend", "name"),
    [(BACKEND, f"{FOX}:0a"), (BACKEND, "acme/cat"), ("https://api.example#bob", FOX)],
)
def test_each_backends_each_model_and_version_is_one_of_its_own(
    cache: DescriptionCache, backend: str, name: str
) -> None:
    cache.store(BACKEND, FOX, KEPT)

    assert cache.load(backend, name) is None


def test_what_is_forgotten_is_gone_and_forgetting_nothing_is_nothing(
    cache: DescriptionCache, folder: Path
) -> None:
    cache.forget(BACKEND, FOX)
    cache.store(BACKEND, FOX, KEPT)

    cache.forget(BACKEND, FOX)

    assert cache.load(BACKEND, FOX) is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"{}",
        b"[" * 100_000,
        json.dumps({"backend": BACKEND, "name": FOX}).encode(),
        json.dumps({"backend": BACKEND, "name": FOX, "fetched_at": 7, "model": {}}).encode(),
    ],
)
def test_a_damaged_file_is_as_if_it_were_not_there(
    cache: DescriptionCache, folder: Path, damage: bytes
) -> None:
    cache.store(BACKEND, FOX, KEPT)
    the_file(folder).write_bytes(damage)

    assert cache.load(BACKEND, FOX) is None
    cache.store(BACKEND, FOX, KEPT)
    assert cache.load(BACKEND, FOX) == KEPT


@pytest.mark.parametrize(
    "changes",
    [{"backend": "another"}, {"name": "acme/cat"}, {"fetched_at": "2026-03-01T12:00:00"}]
    + [{"model": model} for model in ({}, [], None, {"owner": "acme"})],
)
def test_a_file_that_tells_of_something_else_is_not_believed(
    cache: DescriptionCache, folder: Path, changes: dict[str, object]
) -> None:
    cache.store(BACKEND, FOX, KEPT)
    path = the_file(folder)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    assert cache.load(BACKEND, FOX) is None


def test_a_file_that_is_torn_while_it_is_written_leaves_the_one_before(
    cache: DescriptionCache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.store(BACKEND, FOX, KEPT)
    monkeypatch.setattr(PartFile, "publish", _no_room)

    cache.store(BACKEND, FOX, Kept(Model("acme", "fox", "Half a f"), KEPT.fetched_at))

    assert cache.load(BACKEND, FOX) == KEPT
    assert the_file(folder).suffix == ".json"


def _no_room(_: PartFile, target: Path) -> None:
    raise OSError(28, "No space left on device")


def test_a_folder_that_cant_be_made_is_left_at_that(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    cache = DescriptionCache(folder)

    cache.store(BACKEND, FOX, KEPT)
    cache.forget(BACKEND, FOX)

    assert cache.load(BACKEND, FOX) is None


def test_beyond_so_many_files_the_oldest_go(folder: Path) -> None:
    cache = DescriptionCache(folder, max_files=2)

    store_in_turn(cache, folder, "a/one", "a/two", "a/three")

    kept = [name for name in ("a/one", "a/two", "a/three") if cache.load(BACKEND, name)]
    assert kept == ["a/two", "a/three"]
    assert len(list(folder.iterdir())) == 2


def test_beyond_so_many_bytes_the_oldest_go(cache: DescriptionCache, folder: Path) -> None:
    cache.store(BACKEND, "a/one", KEPT)
    size = the_file(folder).stat().st_size
    small = DescriptionCache(folder, max_bytes=2 * size + size // 2)

    store_in_turn(small, folder, "a/one", "a/two", "a/three")

    kept = [name for name in ("a/one", "a/two", "a/three") if small.load(BACKEND, name)]
    assert kept == ["a/two", "a/three"]


def test_one_that_is_too_large_for_all_is_not_kept_and_not_read(folder: Path) -> None:
    DescriptionCache(folder).store(BACKEND, FOX, KEPT)
    tiny = DescriptionCache(folder, max_bytes=10)

    unread = tiny.load(BACKEND, FOX)
    tiny.store(BACKEND, FOX, KEPT)

    assert unread is None
    assert list(folder.iterdir()) == []
