"""Files that are uploaded, and files that models put out."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from replicate import Client

from core.emulator import Emulator
from tests.core.emulator.clients import run
from tests.core.emulator.runners import PICTURES, picture


@pytest.fixture
def replicate(emulator: Emulator) -> Iterator[Client]:
    """The `replicate` package's client."""
    client = Client(api_token="r8_test", base_url=emulator.url)
    yield client
    client._client.close()


def upload(http: httpx2.Client, data: bytes = b"text", **form: Any) -> dict[str, Any]:
    response = http.post("/files", files={"content": ("a.txt", data, "text/plain")}, data=form)
    assert response.status_code == 201, response.text
    file: dict[str, Any] = response.json()
    return file


# Uploads


def test_the_package_uploads_lists_gets_and_deletes(replicate: Client) -> None:
    content = io.BytesIO(b"\x00\xff" * 1000)
    content.name = "noise.bin"

    file = replicate.files.create(content, metadata={"customer": 123})
    listed = replicate.files.list()
    got = replicate.files.get(file.id)
    deleted = replicate.files.delete(file.id)

    assert (file.name, file.size) == ("noise.bin", 2000)
    assert file.content_type == "application/octet-stream"
    assert file.metadata == {"customer": 123}
    assert file.checksums["sha256"] == hashlib.sha256(content.getvalue()).hexdigest()
    assert [item.id for item in listed] == [got.id] == [file.id]
    assert deleted
    assert replicate.files.list() == []


def test_an_upload_can_be_downloaded_by_its_signed_url_without_a_token(
    http: httpx2.Client, bare: httpx2.Client
) -> None:
    file = upload(http, b"hello")

    response = bare.get(file["urls"]["download"])

    assert response.content == b"hello"
    assert response.headers["content-type"].startswith("text/plain")
    assert response.headers["content-disposition"] == 'attachment; filename="a.txt"'


@pytest.mark.parametrize(
    ("name", "value"), [("signature", "wrong"), ("owner", "somebody"), ("expiry", "9999999999")]
)
def test_a_download_url_cannot_be_altered(
    name: str, value: str, http: httpx2.Client, bare: httpx2.Client
) -> None:
    url = httpx2.URL(upload(http)["urls"]["download"])

    altered = bare.get(url.copy_set_param(name, value))
    without = bare.get(url.copy_remove_param(name))

    assert (altered.status_code, without.status_code) == (404, 404)
    assert altered.headers["content-type"] == "application/problem+json"


def test_a_download_url_expires_before_its_file(
    emulator: Emulator, http: httpx2.Client, bare: httpx2.Client
) -> None:
    file = upload(http)

    emulator.advance(3700)
    old_url = bare.get(file["urls"]["download"])
    new_url = bare.get(http.get(file["urls"]["get"]).json()["urls"]["download"])

    assert (old_url.status_code, new_url.status_code) == (404, 200)


def test_an_upload_expires_after_a_day(emulator: Emulator, http: httpx2.Client) -> None:
    file = upload(http)

    emulator.advance(24 * 3600)

    assert http.get(file["urls"]["get"]).status_code == 404
    assert http.get("/files").json()["results"] == []


@pytest.mark.parametrize(
    "name", ["été 漢字.txt", 'quo"te.txt', "a b;c.txt", "../../etc/passwd", "a\r\nb.txt"]
)
def test_any_name_is_kept_and_harmless(name: str, http: httpx2.Client, bare: httpx2.Client) -> None:
    file = upload(http, b"hello", filename=name)

    response = bare.get(file["urls"]["download"])

    assert file["name"] == name
    assert response.content == b"hello"
    assert "\n" not in response.headers["content-disposition"]


def test_a_name_of_more_than_255_bytes_is_refused(http: httpx2.Client) -> None:
    longest = "é" * 127 + "."
    files = {"content": ("a", b"text")}

    taken = http.post("/files", files=files, data={"filename": longest})
    refused = http.post("/files", files=files, data={"filename": longest + "x"})

    assert (taken.status_code, taken.json()["name"]) == (201, longest)
    assert refused.status_code == 422
    assert refused.json()["invalid_fields"][0]["field"] == "filename"


def test_the_type_is_as_given_or_as_that_of_the_part(http: httpx2.Client) -> None:
    assert upload(http)["content_type"] == "text/plain"
    assert upload(http, type="image/png")["content_type"] == "image/png"


def test_metadata_may_be_a_part_of_json_too(http: httpx2.Client) -> None:
    files = {
        "content": ("a.txt", b"text", "text/plain"),
        "metadata": ("blob", b'{"customer": 123}', "application/json"),
    }

    response = http.post("/files", files=files)

    assert response.status_code == 201
    assert response.json()["metadata"] == {"customer": 123}


@pytest.mark.parametrize("metadata", ["{", "[]", "null", '"text"', "[" * 100_000])
def test_metadata_that_is_no_object_is_refused(metadata: str, http: httpx2.Client) -> None:
    files = {"content": ("a.txt", b"text")}

    response = http.post("/files", files=files, data={"metadata": metadata})

    assert response.status_code == 422
    assert response.json()["invalid_fields"][0]["field"] == "metadata"


def test_an_upload_without_content_is_refused(http: httpx2.Client) -> None:
    as_form = http.post("/files", data={"filename": "a.txt"})
    as_json = http.post("/files", json={"content": "text"})
    broken = http.post(
        "/files", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=y"}
    )

    assert [response.status_code for response in (as_form, as_json, broken)] == [422, 422, 400]


def test_an_upload_can_be_a_models_input(http: httpx2.Client) -> None:
    file = upload(http, b"a picture")
    model_input = {"prompt": "a fox", "image": file["urls"]["get"]}

    prediction = run(http, PICTURES.card.id, model_input)

    assert prediction["status"] == "succeeded"
    assert hashlib.sha256(b"a picture").hexdigest() in prediction["logs"]


def test_an_output_a_hosted_file_and_a_data_url_can_be_a_models_input(
    emulator: Emulator, http: httpx2.Client
) -> None:
    output = run(http, PICTURES.card.id, {"prompt": "a fox"})["output"][0]
    hosted = emulator.host_file(b"hosted", name="a b?.bin", media_type="application/x-a")

    logs = [
        run(http, PICTURES.card.id, {"prompt": "a fox", "image": uri})["logs"]
        for uri in (output, hosted, "data:text/plain;base64,aGVsbG8=", "data:,a%20b")
    ]

    contents = [picture(0, 1000), b"hosted", b"hello", b"a b"]
    assert [
        hashlib.sha256(content).hexdigest() in log
        for content, log in zip(contents, logs, strict=True)
    ] == [True] * 4


@pytest.mark.parametrize(
    "uri", ["https://example.com/a.png", "data:image/png;base64,?", "{origin}/outputs/no/no.png"]
)
def test_a_model_fails_whose_input_cannot_be_read(
    uri: str, emulator: Emulator, http: httpx2.Client
) -> None:
    model_input = {"prompt": "a fox", "image": uri.format(origin=emulator.url)}

    prediction = run(http, PICTURES.card.id, model_input)

    assert prediction["status"] == "failed"
    assert "read" in prediction["error"] or "no longer there" in prediction["error"]


# Outputs

_DATA = picture(0, 200_000)


@pytest.fixture
def output(http: httpx2.Client) -> str:
    """The URL of a file that a model put out."""
    url: str = run(http, PICTURES.card.id, {"prompt": "a fox", "size": len(_DATA)})["output"][0]
    return url


@pytest.fixture
def hosted(emulator: Emulator) -> str:
    """The URL of a file with an awkward name."""
    return emulator.host_file(b"hosted", name="a b/#?%é.png", media_type="image/png")


def test_an_output_is_served_with_all_that_resuming_needs(output: str, bare: httpx2.Client) -> None:
    response = bare.get(output)

    assert response.content == _DATA
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-length"] == str(len(_DATA))
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["etag"].startswith('"')
    assert response.headers["last-modified"].endswith("GMT")
    assert urlsplit(output).path.endswith("/out-0.png")


def test_head_tells_the_same_without_the_file(output: str, bare: httpx2.Client) -> None:
    head, whole = bare.head(output), bare.get(output)

    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=150000-", 150_000, 200_000),
        ("bytes=-10", 199_990, 200_000),
        ("bytes=199999-300000", 199_999, 200_000),
    ],
)
def test_a_range_is_served_as_such(
    asked: str, start: int, end: int, output: str, bare: httpx2.Client
) -> None:
    response = bare.get(output, headers={"Range": asked})

    assert response.status_code == 206
    assert response.content == _DATA[start:end]
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(_DATA)}"
    assert response.headers["content-length"] == str(end - start)


def test_a_range_if_the_file_is_still_the_same(output: str, bare: httpx2.Client) -> None:
    whole = bare.get(output)

    same_tag, same_date, other = (
        bare.get(output, headers={"Range": "bytes=5-", "If-Range": condition})
        for condition in (whole.headers["etag"], whole.headers["last-modified"], '"other"')
    )

    assert (same_tag.status_code, same_tag.content) == (206, _DATA[5:])
    assert (same_date.status_code, same_date.content) == (206, _DATA[5:])
    assert (other.status_code, other.content) == (200, _DATA)


def test_a_range_behind_the_end_is_a_416_that_tells_the_length(
    output: str, bare: httpx2.Client
) -> None:
    response = bare.get(output, headers={"Range": "bytes=200000-"})

    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */200000"


def test_a_file_is_found_by_its_url_whatever_its_name(hosted: str, bare: httpx2.Client) -> None:
    response = bare.get(hosted)

    assert response.content == b"hosted"
    assert response.headers["content-type"] == "image/png"


def test_two_files_have_different_tags(emulator: Emulator, bare: httpx2.Client) -> None:
    urls = [
        emulator.host_file(data, name=name, media_type="a/b")
        for data, name in ((b"one", "1"), (b"two", "2"))
    ]

    first, second = (bare.get(url).headers["etag"] for url in urls)

    assert first != second


def test_there_is_no_output_of_what_is_not_there(emulator: Emulator, bare: httpx2.Client) -> None:
    urls = [f"{emulator.url}/outputs/a/b.png", f"{emulator.url}/outputs/..%2f..%2fetc/passwd"]

    assert [bare.get(url).status_code for url in urls] == [404, 404]
