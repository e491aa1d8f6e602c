"""From a prediction's output to files: which URLs are in it, and several downloads as one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from core.downloads.downloader import Downloaded, OnProgress
from core.downloads.outputs import (
    download_all,
    located_urls,
    numbered,
    places_of,
    same_url,
    urls_of,
)
from core.errors import DownloadIncomplete, InvalidInput, OutputExpired
from core.prediction import Prediction

A, B, C = "https://files.example/a.png", "https://files.example/b.png", "data:image/png;base64,AA=="


def prediction(output: Any, *, data_removed: bool = False) -> Prediction:
    return Prediction(
        id="p", model="m", version="v", status="succeeded", output=output, data_removed=data_removed
    )


class FileOutput:
    """What the replicate package makes of a URL."""

    url = A


@pytest.mark.parametrize(
    ("output", "urls"),
    [
        (A, [A]),
        (C, [C]),
        ("http://127.0.0.1:8600/a.png", ["http://127.0.0.1:8600/a.png"]),
        ([A, B], [A, B]),
        ((A, [B, [C]]), [A, B, C]),
        ({"image": A, "count": 1, "more": {"masks": [B, None]}}, [A, B]),
        (FileOutput(), [A]),
        ([FileOutput(), B], [A, B]),
        (prediction([A, B]), [A, B]),
    ],
)
def test_the_files_in_an_output_are_found_in_their_order(output: Any, urls: list[str]) -> None:
    assert urls_of(output) == urls


@pytest.mark.parametrize(
    "output",
    [
        None,
        42,
        "a fox",
        "https://files.example is where they lie",
        "data: none",
        "data:",
        ["Hello", " world"],
        {"text": "see https://files.example/a.png"},
        [],
        prediction(None),
    ],
)
def test_an_output_without_files_is_said(output: Any) -> None:
    with pytest.raises(InvalidInput, match="no file in this output"):
        urls_of(output)


def test_the_files_in_an_output_are_found_where_they_stand() -> None:
    output = {"images": [A, "no file", B], "a/b": {"c": C}}

    assert located_urls(output) == {("images", 0): A, ("images", 2): B, ("a/b", "c"): C}


@pytest.mark.parametrize(
    ("output", "urls", "places"),
    [
        (A, [A], [()]),
        ({"about": B, "image": A, "seed": 7}, [A], [("image",)]),
        ([A, A, [B]], [A, A, B], [(0,), (1,), (2, 0)]),
        ([A, B, A], [B, A], [(1,), (2,)]),
        ({"image": "relative.png"}, ["relative.png"], [("image",)]),
        ([A], [B, A], [None, (0,)]),
    ],
)
def test_the_files_that_a_schema_names_stand_where_their_texts_do(
    output: Any, urls: list[str], places: list[Any]
) -> None:
    assert places_of(output, urls) == places


def test_an_output_that_replicate_has_deleted_is_said() -> None:
    with pytest.raises(OutputExpired, match="run the model again"):
        urls_of(prediction(None, data_removed=True))


@pytest.mark.parametrize(
    ("name", "second"),
    [("fox.webp", "fox-2.webp"), ("fox", "fox-2"), ("flux-1.1", "flux-1.1-2"), ("0", "0-2")],
)
def test_several_files_are_numbered_before_the_extension(name: str, second: str) -> None:
    assert numbered(Path("out") / name, 2) == Path("out") / second


def test_a_file_is_found_again_at_its_place() -> None:
    after = prediction(["https://files.example/a2.png", "https://files.example/b2.png"])

    assert same_url(B, prediction([A, B]), after) == "https://files.example/b2.png"


@pytest.mark.parametrize("after", [prediction([A]), prediction(None, data_removed=True)])
def test_a_file_that_is_no_longer_there_has_expired(after: Prediction) -> None:
    with pytest.raises(OutputExpired):
        same_url(B, prediction([A, B]), after)


class Fetch:
    """A download that is told what happens, by URL: a number of bytes, or an error."""

    def __init__(self, **ends: int | Exception) -> None:
        self.ends = ends
        self.running = 0
        self.most_running = 0
        self.stopped: list[str] = []
        self.fresh: list[str] = []

    async def __call__(
        self,
        url: str,
        path: Path,
        *,
        refresh: Callable[[], Awaitable[str]] | None,
        on_progress: OnProgress | None,
        max_bytes: int | None,
    ) -> Downloaded:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            end = self.ends.get(url, 10)
            if on_progress:
                on_progress(0, 10)
            await asyncio.sleep(0 if isinstance(end, Exception) else 0.01)
            if isinstance(end, Exception):
                raise end
            if refresh:
                self.fresh.append(await refresh())
            if on_progress:
                on_progress(end, end)
            return Downloaded(path, end, "image/png", "")
        except asyncio.CancelledError:
            self.stopped.append(url)
            raise
        finally:
            self.running -= 1


async def download(urls: list[str], fetch: Fetch, **options: Any) -> Path | list[Path]:
    given = {"refresh": None, "on_progress": None, "max_bytes": None, **options}
    return await download_all(urls, Path("out/fox.png"), fetch=fetch, **given)


async def test_one_file_goes_where_it_should_and_several_beside_each_other() -> None:
    assert await download(["a"], Fetch()) == Path("out/fox.png")
    assert await download(["a", "b"], Fetch()) == [Path("out/fox-1.png"), Path("out/fox-2.png")]


async def test_progress_is_that_of_all_files_together() -> None:
    told: list[tuple[int, int | None]] = []

    await download(["a", "b"], Fetch(), on_progress=lambda *progress: told.append(progress))

    assert told == [(0, None), (0, 20), (10, 20), (20, 20)]


async def test_the_first_error_stops_the_other_downloads() -> None:
    fetch = Fetch(bad=DownloadIncomplete("bad", "It broke."))

    with pytest.raises(DownloadIncomplete):
        await download(["a", "bad", "c"], fetch)

    assert fetch.running == 0
    assert sorted(fetch.stopped) == ["a", "c"]


async def test_cancelling_stops_every_download() -> None:
    fetch = Fetch()
    task = asyncio.create_task(download(["a", "b"], fetch))
    await asyncio.sleep(0.001)

    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert sorted(fetch.stopped) == ["a", "b"]


async def test_a_hundred_files_are_not_all_downloaded_at_once() -> None:
    fetch = Fetch()

    await download([str(n) for n in range(20)], fetch)

    assert fetch.most_running == 4


async def test_each_file_is_asked_for_again_at_its_own_place() -> None:
    async def refresh() -> list[str]:
        return ["a2", "b2"]

    fetch = Fetch()
    await download(["a", "b"], fetch, refresh=refresh)

    assert sorted(fetch.fresh) == ["a2", "b2"]


async def test_a_newer_output_with_fewer_files_means_expired() -> None:
    async def refresh() -> list[str]:
        return ["a2"]

    with pytest.raises(OutputExpired):
        await download(["a", "b"], Fetch(), refresh=refresh)
