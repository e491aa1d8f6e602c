import asyncio
import base64
import io
import json
import math
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import pytest

from core.client.inputs import MAX_INLINE_BYTES, canonical, prepare
from core.errors import InvalidInput
from tests.core.parts import Parts
from tests.core.waiting import until

PNG = b"\x89PNG\r\n\x1a\nfox"
INLINED = "data:image/png;base64," + base64.b64encode(PNG).decode()
LARGE = b"x" * (MAX_INLINE_BYTES + 1)


class Size(IntEnum):
    LARGE = 2


class Style(StrEnum):
    FLAT = "flat"


class Uploads:
    """Takes uploads and remembers them."""

    def __init__(self) -> None:
        self.files: list[bytes] = []

    async def __call__(self, file: BinaryIO) -> str:
        self.files.append(file.read())
        return f"https://files.test/{len(self.files)}"


@pytest.fixture
def uploads() -> Uploads:
    return Uploads()


@pytest.fixture
def fox(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(PNG)
    return path


async def test_plain_values_are_sent_as_they_are(uploads: Uploads) -> None:
    given = {
        "prompt": "a fox 🦊",
        "steps": 4,
        "strength": 0.5,
        "safe": True,
        "mask": None,
        "sizes": [1, 2],
        "options": {"a": {"b": "c"}},
        "image": "https://example.com/fox.png",
    }

    prepared = await prepare(given, uploads)

    assert prepared == given
    assert uploads.files == []


async def test_the_callers_input_is_not_changed(uploads: Uploads, fox: Path) -> None:
    given: dict[str, Any] = {"images": [fox]}

    await prepare(given, uploads)

    assert given == {"images": [fox]}


async def test_a_small_path_is_inlined_with_its_type(uploads: Uploads, fox: Path) -> None:
    prepared = await prepare({"image": fox}, uploads)

    assert prepared == {"image": INLINED}


async def test_a_small_open_file_is_inlined_with_its_type(uploads: Uploads, fox: Path) -> None:
    with fox.open("rb") as file:
        prepared = await prepare({"image": file}, uploads)

    assert prepared == {"image": INLINED}


async def test_bytes_without_a_name_have_no_type(uploads: Uploads) -> None:
    prepared = await prepare({"image": io.BytesIO(b"x")}, uploads)

    assert prepared == {"image": "data:application/octet-stream;base64,eA=="}


async def test_an_open_file_is_sent_whole_wherever_it_was_read_up_to(uploads: Uploads) -> None:
    small, large = io.BytesIO(), io.BytesIO()
    small.write(b"small")
    large.write(LARGE)

    prepared = await prepare({"small": small, "large": large}, uploads)

    assert base64.b64decode(prepared["small"].partition(",")[2]) == b"small"
    assert uploads.files == [LARGE]


async def test_a_temporary_file_is_a_file_too(uploads: Uploads) -> None:
    with (
        tempfile.NamedTemporaryFile(suffix=".png") as named,
        tempfile.SpooledTemporaryFile() as spooled,
    ):
        named.write(PNG)
        spooled.write(b"x")

        prepared = await prepare({"image": named, "mask": spooled}, uploads)

    assert prepared["image"] == INLINED
    assert prepared["mask"].endswith(",eA==")


@pytest.mark.parametrize("size", [MAX_INLINE_BYTES, MAX_INLINE_BYTES + 1])
@pytest.mark.parametrize("is_open", [False, True], ids=["path", "open"])
async def test_a_file_is_uploaded_only_if_it_is_larger_than_256_kb(
    uploads: Uploads, tmp_path: Path, size: int, is_open: bool
) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * size)

    if is_open:
        with path.open("rb") as file:
            prepared = await prepare({"image": file}, uploads)
    else:
        prepared = await prepare({"image": path}, uploads)

    if size > MAX_INLINE_BYTES:
        assert prepared == {"image": "https://files.test/1"}
        assert uploads.files == [b"x" * size]
    else:
        assert prepared["image"].startswith("data:application/octet-stream;base64,eHh4")
        assert uploads.files == []


async def test_files_in_lists_and_nested_objects_are_sent_too(uploads: Uploads, fox: Path) -> None:
    given = {"images": [fox, "https://x.test/a.png"], "pair": (fox,), "deep": {"a": [{"b": fox}]}}

    prepared = await prepare(given, uploads)

    assert prepared == {
        "images": [INLINED, "https://x.test/a.png"],
        "pair": [INLINED],
        "deep": {"a": [{"b": INLINED}]},
    }


async def test_a_large_file_is_uploaded_to_replicate_and_its_url_sent(
    parts: Parts, tmp_path: Path
) -> None:
    path = tmp_path / "large fox.png"
    path.write_bytes(LARGE)

    prepared = await prepare({"image": path}, parts.uploads.upload)

    stored = await parts.http.get_once(prepared["image"])
    assert stored["size"] == len(LARGE)
    assert (stored["name"], stored["content_type"]) == ("large fox.png", "image/png")
    prediction = await parts.creates.create("acme/pictures", prepared, deadline_seconds=60)
    assert prediction.input == prepared


async def test_a_large_file_is_never_whole_in_memory(parts: Parts) -> None:
    class Watched(io.BytesIO):
        def __init__(self) -> None:
            super().__init__(b"x" * 3_000_000)
            self.largest_read = 0

        def read(self, size: int | None = -1, /) -> bytes:
            content = super().read(size)
            self.largest_read = max(self.largest_read, len(content))
            return content

    file = Watched()

    prepared = await prepare({"image": file}, parts.uploads.upload)

    assert prepared["image"].startswith(f"{parts.emulator.url}/v1/files/")
    assert file.largest_read <= MAX_INLINE_BYTES + 1


async def test_a_file_that_is_missing_is_refused_with_its_field(
    uploads: Uploads, tmp_path: Path
) -> None:
    with pytest.raises(
        InvalidInput, match=r"^image: .*none\.png can't be read \(No such"
    ) as caught:
        await prepare({"image": tmp_path / "none.png"}, uploads)

    assert caught.value.field == "image"


async def test_a_file_is_closed_if_its_task_is_cancelled_while_it_is_opened(
    uploads: Uploads, fox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = threading.Event(), threading.Event()
    files: list[IO[Any]] = []
    open_file = Path.open

    def slowly(path: Path, mode: str) -> IO[Any]:
        asked.set()
        go_on.wait()
        files.append(open_file(path, mode))
        return files[-1]

    monkeypatch.setattr(Path, "open", slowly)
    preparing = asyncio.create_task(prepare({"image": fox}, uploads))
    await asyncio.to_thread(asked.wait)

    preparing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await preparing
    go_on.set()
    await until(lambda: bool(files) and files[0].closed)


def a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def a_broken_link(path: Path) -> Path:
    path.symlink_to("nowhere.png")
    return path


def a_pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (a_folder, "it is not a file"),
        (a_pipe, "it is not a file"),
        (lambda _: Path("/dev/zero"), "it is not a file"),
        (a_broken_link, "No such file or directory"),
        (lambda path: path / ("x" * 5000), "File name too long"),
        (lambda path: path / "a\0b", "embedded null byte"),
        (lambda path: path / "two\nlines", "No such file or directory"),
    ],
)
async def test_what_cant_be_read_as_a_file_is_refused_with_its_place(
    uploads: Uploads, tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    path = make(tmp_path / "x.png")

    with pytest.raises(InvalidInput, match=rf"^images\[0\]: .* can't be read \({reason}\)\.$") as e:
        await prepare({"images": [path]}, uploads)

    assert e.value.field == "images"
    assert str(e.value).isprintable()
    assert len(str(e.value)) < 400


@pytest.mark.parametrize("is_open", [False, True], ids=["path", "open"])
async def test_an_empty_file_is_refused_with_its_field(
    uploads: Uploads, tmp_path: Path, is_open: bool
) -> None:
    path = tmp_path / "fox.png"
    path.touch()

    with path.open("rb") as file, pytest.raises(InvalidInput, match=r"fox\.png is empty") as caught:
        await prepare({"image": file if is_open else path}, uploads)

    assert caught.value.field == "image"
    with pytest.raises(InvalidInput, match=r"^image: the file is empty\.$"):
        await prepare({"image": io.BytesIO()}, uploads)


async def test_anything_with_a_path_is_a_path(uploads: Uploads, fox: Path) -> None:
    with os.scandir(fox.parent) as entries:
        prepared = await prepare({"image": next(entries)}, uploads)

    assert prepared == {"image": INLINED}


class OnlyRead:
    def read(self, size: int) -> bytes:
        return b"x"


@pytest.mark.parametrize("file", [OnlyRead(), io.BytesIO])
async def test_what_cant_be_read_from_its_start_is_refused(uploads: Uploads, file: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^image: the file can't be read") as caught:
        await prepare({"image": file}, uploads)

    assert caught.value.field == "image"


async def test_a_file_that_is_closed_is_refused(uploads: Uploads, fox: Path) -> None:
    with fox.open("rb") as file:
        pass

    with pytest.raises(InvalidInput, match="closed") as caught:
        await prepare({"image": file}, uploads)

    assert caught.value.field == "image"


async def test_a_pipe_that_cant_be_read_from_its_start_is_refused(uploads: Uploads) -> None:
    reading, writing = os.pipe()
    os.close(writing)

    with os.fdopen(reading, "rb") as pipe, pytest.raises(InvalidInput, match="can't be read"):
        await prepare({"image": pipe}, uploads)


async def test_a_file_in_text_mode_is_refused_with_its_field(uploads: Uploads, fox: Path) -> None:
    with fox.open("r", encoding="latin-1") as file, pytest.raises(InvalidInput) as caught:
        await prepare({"image": file}, uploads)

    assert caught.value.field == "image"
    assert "binary mode" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (np.int64(7), 7),
        (np.uint8(7), 7),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("fox"), "fox"),
        (np.array(7), 7),
        (Fraction(1, 2), 0.5),
        (Size.LARGE, 2),
        (Style.FLAT, "flat"),
        (2**64, 2**64),
        ((1, (2, [np.int8(3)])), [1, [2, [3]]]),
        ({"a": {1: np.float16(2)}}, {"a": {"1": 2.0}}),
    ],
    ids=repr,
)
async def test_numbers_and_texts_of_other_kinds_are_sent_as_pythons_own(
    uploads: Uploads, value: Any, sent: Any
) -> None:
    prepared = await prepare({"x": value, "xs": [value]}, uploads)

    assert prepared == {"x": sent, "xs": [sent]}
    assert json.loads(json.dumps(prepared)) == prepared
    assert type(prepared["x"]) is type(sent)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"bytes", "a bytes"),
        ({1, 2}, "a set"),
        (object(), "a object"),
        (1j, "a complex"),
        (Decimal("0.1"), "a Decimal"),
        (date(2026, 3, 1), "a date"),
        (np.array([1]), "a ndarray"),
        (np.complex64(1), "a complex"),
        (np.datetime64("2026-03-01", "s"), "a datetime"),
        (range(3), "a range"),
        (float("nan"), "nan, which is no number"),
        (-math.inf, "-inf, which is no number"),
        (np.float32("inf"), "inf, which is no number"),
        (Fraction(10**400), "inf, which is no number"),
        (10**5000, "a number of more digits"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_json_has_no_word_for_is_refused_with_its_place(
    uploads: Uploads, value: Any, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=rf"^image\[1\]\.mask is {reason}.*\.$") as caught:
        await prepare({"image": [1, {"mask": value}]}, uploads)

    assert caught.value.field == "image"
    assert caught.value.fields == {"image": str(caught.value)}


async def test_lists_that_hold_themselves_are_refused(uploads: Uploads) -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(InvalidInput, match=r"^image has lists too deep in each other") as caught:
        await prepare({"image": endless}, uploads)

    assert caught.value.field == "image"


@pytest.mark.parametrize("given", [None, "a fox", ["a fox"], 5])
async def test_an_input_that_is_no_dict_is_refused(uploads: Uploads, given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^The input is a \w+: it is a dict of"):
        await prepare(given, uploads)


@pytest.mark.parametrize("given", [{"\ud83e": 1}, {"a": {"\ud83e": 1}}])
async def test_half_a_character_in_a_name_is_refused(uploads: Uploads, given: Any) -> None:
    with pytest.raises(InvalidInput, match="half of a character at position 0") as caught:
        await prepare(given, uploads)

    str(caught.value).encode()


async def test_half_a_character_is_refused_with_its_field(uploads: Uploads) -> None:
    with pytest.raises(InvalidInput, match="half of a character at position 6") as caught:
        await prepare({"prompt": "a fox \ud83e"}, uploads)

    assert caught.value.field == "prompt"


def test_equal_inputs_are_equal_as_canonical_text() -> None:
    one = canonical({"b": [1, {"d": None, "c": True}], "a": "é"})
    other = canonical({"a": "é", "b": [1, {"c": True, "d": None}]})

    assert one == other == '{"a":"é","b":[1,{"c":true,"d":null}]}'


def test_unequal_inputs_are_unequal_as_canonical_text() -> None:
    assert canonical({"a": [1, 2]}) != canonical({"a": [2, 1]})
    assert canonical({"a": 1}) != canonical({"a": "1"})
