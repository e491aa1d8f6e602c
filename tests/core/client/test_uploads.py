"""Uploads come whole, with their name and type, and what can't be uploaded is told before."""

import io
import json
import os
from pathlib import Path

import pytest

from core.emulator.faults import Fault
from core.errors import ConnectionLost, InvalidInput, MalformedResponse, Unauthenticated
from tests.core.parts import Parts


@pytest.mark.parametrize("is_open", [False, True], ids=["path", "open"])
async def test_a_file_is_uploaded_with_its_name_and_type(
    parts: Parts, tmp_path: Path, is_open: bool
) -> None:
    path = tmp_path / "fox.png"
    path.write_bytes(b"fox")

    if is_open:
        with path.open("rb") as file:
            url = await parts.uploads.upload(file)
    else:
        url = await parts.uploads.upload(path)

    stored = await parts.http.get_once(url)
    assert (stored["name"], stored["content_type"], stored["size"]) == ("fox.png", "image/png", 3)


async def test_an_upload_that_is_cut_is_made_again_whole(parts: Parts) -> None:
    parts.emulator.inject(Fault(path="/v1/files", processed=True, drop=True))

    url = await parts.uploads.upload(io.BytesIO(b"the whole fox"))

    stored = await parts.http.get_once(url)
    assert stored["size"] == 13
    assert parts.count("POST", "/v1/files") == 2


async def test_an_upload_whose_answer_lacks_a_name_is_good(parts: Parts) -> None:
    body = json.dumps({"id": "x", "urls": {"get": "https://x.test/v1/files/x"}})
    parts.emulator.inject(Fault(status=201, body=body))

    url = await parts.uploads.upload(io.BytesIO(b"x"))

    assert url == "https://x.test/v1/files/x"


async def test_an_upload_that_hangs_ends(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.client.uploads._EXTRA_SECONDS", 0)
    parts.emulator.inject(Fault(path="/v1/files", hang=True, times=None))

    with pytest.raises(ConnectionLost):
        await parts.uploads.upload(io.BytesIO(b"x"))


async def test_a_file_that_cant_be_uploaded_is_refused(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="can't be read"):
        await parts.uploads.upload(tmp_path / "none.png")
    with pytest.raises(InvalidInput, match="binary mode"):
        await parts.uploads.upload(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="is empty"):
        await parts.uploads.upload(io.BytesIO())
    with pytest.raises(InvalidInput, match="can't be read"):
        await parts.uploads.upload("fox.png")  # type: ignore[arg-type]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="it is not a file"):
        await parts.uploads.upload(tmp_path / "pipe")

    assert parts.emulator.requests == []


async def test_an_upload_survives_a_passing_error_and_no_other(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=503), Fault(drop=True))

    url = await parts.uploads.upload(io.BytesIO(b"x"))
    parts.emulator.inject(Fault(status=401))
    with pytest.raises(Unauthenticated):
        await parts.uploads.upload(io.BytesIO(b"x"))

    assert url
    assert parts.count("POST", "/v1/files") == 4


@pytest.mark.parametrize("body", ["<html>", "7", "null", '{"urls": []}', '[{"a": "b"}]'])
async def test_an_answer_to_an_upload_that_is_none_is_malformed(parts: Parts, body: str) -> None:
    parts.emulator.inject(Fault(status=200, body=body, times=None))

    with pytest.raises(MalformedResponse, match="read"):
        await parts.uploads.upload(io.BytesIO(b"x"))
