"""The models at hand are those that this person used, or favours, at this backend."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.history.archive import Archive
from core.history.records import State
from tests.core.history.material import NOW, Clock, a_job, add

HERE = a_job().backend
VERSION = "0123456789abcdef" * 4


async def use(archive: Archive, *models: str, owner: str = "local", backend: str = HERE) -> None:
    """Run models, one a minute."""
    for n, model in enumerate(models):
        job_id = f"{owner}-{backend}-{n}"
        at = NOW + timedelta(minutes=n)
        await add(archive, a_job(job_id, owner=owner, backend=backend, model=model, created_at=at))


async def test_the_model_that_was_used_last_comes_first_and_each_once(archive: Archive) -> None:
    await use(archive, "a/one", "b/two", f"a/one:{VERSION}", "c/three", "b/two", "a/one")

    assert list(await archive.recent_models("local", backend=HERE)) == ["a/one", "b/two", "c/three"]
    assert list(await archive.recent_models("local", backend=HERE, limit=2)) == ["a/one", "b/two"]


async def test_nobody_sees_what_others_used_or_what_was_used_elsewhere(archive: Archive) -> None:
    await use(archive, "a/one")
    await use(archive, "a/bobs", owner="bob")
    await use(archive, "a/offline", backend="elsewhere")

    assert list(await archive.recent_models("local", backend=HERE)) == ["a/one"]
    assert list(await archive.recent_models("local", backend="elsewhere")) == ["a/offline"]
    assert list(await archive.recent_models("ann", backend=HERE)) == []


async def test_what_lies_in_the_bin_was_not_used(archive: Archive) -> None:
    await use(archive, "a/one", "b/two")
    await archive.advance(f"local-{HERE}-1", State.SUCCEEDED)

    await archive.delete([f"local-{HERE}-1"], owner="local")

    assert list(await archive.recent_models("local", backend=HERE)) == ["a/one"]


async def test_favourites_come_newest_first_and_go_again(archive: Archive, clock: Clock) -> None:
    for model in ("a/one", "b/two", "c/three"):
        await archive.set_favourite("local", model, True, backend=HERE)
        clock.now += timedelta(minutes=1)

    before = await archive.favourites("local", backend=HERE)
    await archive.set_favourite("local", "b/two", False, backend=HERE)

    assert list(before) == ["c/three", "b/two", "a/one"]
    assert list(await archive.favourites("local", backend=HERE)) == ["c/three", "a/one"]


async def test_a_favourite_is_one_whichever_version_and_however_often(
    archive: Archive, clock: Clock
) -> None:
    await archive.set_favourite("local", f"a/one:{VERSION}", True, backend=HERE)
    clock.now += timedelta(minutes=1)
    await archive.set_favourite("local", "b/two", True, backend=HERE)
    clock.now += timedelta(minutes=1)
    await archive.set_favourite("local", "a/one", True, backend=HERE)
    twice = await archive.favourites("local", backend=HERE)

    for _ in range(2):
        await archive.set_favourite("local", f"a/one:{VERSION}", False, backend=HERE)

    assert list(twice) == ["b/two", "a/one"]
    assert list(await archive.favourites("local", backend=HERE)) == ["b/two"]


async def test_a_bare_version_and_a_deployment_can_be_favourites(archive: Archive) -> None:
    for model in (VERSION, "deployments/acme/foxes"):
        await archive.set_favourite("local", model, True, backend=HERE)

    assert set(await archive.favourites("local", backend=HERE)) == {
        VERSION,
        "deployments/acme/foxes",
    }


async def test_nobody_changes_or_sees_others_favourites(archive: Archive) -> None:
    for owner, backend in (("local", HERE), ("bob", HERE), ("local", "elsewhere")):
        await archive.set_favourite(owner, "a/one", True, backend=backend)

    await archive.set_favourite("bob", "a/one", False, backend=HERE)

    assert list(await archive.favourites("bob", backend=HERE)) == []
    assert list(await archive.favourites("local", backend=HERE)) == ["a/one"]
    assert list(await archive.favourites("local", backend="elsewhere")) == ["a/one"]


async def test_what_is_no_model_is_no_favourite(archive: Archive) -> None:
    with pytest.raises(InvalidInput):
        await archive.set_favourite("local", "no model", True, backend=HERE)

    assert list(await archive.favourites("local", backend=HERE)) == []


async def test_favourites_are_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    async with Archive.open(url) as archive:
        await archive.set_favourite("local", "a/one", True, backend=HERE)

    async with Archive.open(url) as archive:
        assert list(await archive.favourites("local", backend=HERE)) == ["a/one"]
