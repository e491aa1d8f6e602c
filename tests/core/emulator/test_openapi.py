"""Every operation of Replicate's OpenAPI document answers as the document says."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from core.emulator import Emulator
from tests.core.emulator.runners import GREETER, OWN, PICTURES, RUNNERS, WORDS

_DOCUMENT = Path(__file__).parents[4] / "shared" / "api" / "replicate-openapi.json"

pytestmark = pytest.mark.skipif(
    not _DOCUMENT.exists(), reason="Replicate's OpenAPI document isn't beside the checkout"
)

_WORDS_VERSION = f"/models/{WORDS.card.id}/versions/{WORDS.card.version}"
_OWN_VERSION = f"/models/{OWN.card.id}/versions/{OWN.card.version}"
_DEPLOYMENT = {
    "name": "second",
    "model": GREETER.card.id,
    "version": GREETER.card.version,
    "hardware": "gpu-t4",
    "min_instances": 0,
    "max_instances": 3,
}
_MODEL = {"owner": "emulator", "name": "fresh", "visibility": "private", "hardware": "cpu"}


@dataclass(frozen=True)
class Call:
    """How an operation is called; `{names}` in its path stand for what was made before."""

    method: str
    path: str
    json: Any = None
    files: Any = None
    headers: Any = None


_CALLS = {
    "account.get": Call("GET", "/account"),
    "collections.list": Call("GET", "/collections"),
    "collections.get": Call("GET", "/collections/text-to-image"),
    "deployments.list": Call("GET", "/deployments"),
    "deployments.create": Call("POST", "/deployments", json=_DEPLOYMENT),
    "deployments.get": Call("GET", "/deployments/emulator/first"),
    "deployments.update": Call("PATCH", "/deployments/emulator/first", json={"max_instances": 9}),
    "deployments.delete": Call("DELETE", "/deployments/emulator/first"),
    "deployments.predictions.create": Call(
        "POST", "/deployments/emulator/first/predictions", json={"input": {"text": "you"}}
    ),
    "files.list": Call("GET", "/files"),
    "files.create": Call("POST", "/files", files={"content": ("a.txt", b"text", "text/plain")}),
    "files.get": Call("GET", "/files/{file}"),
    "files.delete": Call("DELETE", "/files/{file}"),
    "files.download": Call("GET", "{download}"),
    "hardware.list": Call("GET", "/hardware"),
    "models.list": Call("GET", "/models?sort_by=model_created_at&sort_direction=asc"),
    "models.create": Call("POST", "/models", json=_MODEL),
    "models.get": Call("GET", f"/models/{PICTURES.card.id}"),
    "models.update": Call("PATCH", f"/models/{OWN.card.id}", json={"description": "better"}),
    "models.delete": Call("DELETE", f"/models/{OWN.card.id}"),
    "models.examples.list": Call("GET", f"/models/{PICTURES.card.id}/examples"),
    "models.predictions.create": Call(
        "POST",
        f"/models/{PICTURES.card.id}/predictions",
        json={"input": {"prompt": "a fox"}},
        headers={"Prefer": "wait=5"},
    ),
    "models.readme.get": Call("GET", f"/models/{WORDS.card.id}/readme"),
    "models.versions.list": Call("GET", f"/models/{WORDS.card.id}/versions"),
    "models.versions.get": Call("GET", _WORDS_VERSION),
    "models.versions.delete": Call("DELETE", _OWN_VERSION),
    "trainings.create": Call(
        "POST", f"{_WORDS_VERSION}/trainings", json={"destination": OWN.card.id, "input": {}}
    ),
    "trainings.list": Call("GET", "/trainings"),
    "trainings.get": Call("GET", "/trainings/{training}"),
    "trainings.cancel": Call("POST", "/trainings/{training}/cancel"),
    "predictions.list": Call("GET", "/predictions"),
    "predictions.create": Call(
        "POST",
        "/predictions",
        json={"version": GREETER.card.version, "input": {"text": "you"}},
        headers={"Prefer": "wait", "Cancel-After": "1m"},
    ),
    "predictions.get": Call("GET", "/predictions/{prediction}"),
    "predictions.cancel": Call("POST", "/predictions/{prediction}/cancel"),
    "search": Call("GET", "/search?query=tiny"),
    "webhooks.default.secret.get": Call("GET", "/webhooks/default/secret"),
}

_REFUSED = {
    "files.get": Call("GET", "/files/nothing"),
    "files.delete": Call("DELETE", "/files/nothing"),
    "files.download": Call("GET", "/files/nothing/download?owner=a&expiry=1&signature=b"),
    "models.readme.get": Call("GET", "/models/nobody/nothing/readme"),
    "search": Call("GET", "/search"),
}
"""Calls of operations whose errors the document describes, each answered with one of them.

The one of `files.create` has a test of its own.
"""

_UNTOUCHED = {("search", "500")}
"""Errors that the emulator has no cause for."""


def _operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    if not _DOCUMENT.exists():
        return {}
    paths = json.loads(_DOCUMENT.read_text())["paths"]
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method != "parameters"
    }


_OPERATIONS = _operations()

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("uri")
def _is_url(value: object) -> bool:
    return not isinstance(value, str) or value.startswith(("http://127.0.0.1:", "https://"))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator of its own, for some operations remove what others need."""
    with Emulator(port=0, speed=100.0, runners=RUNNERS) as emulator:
        yield emulator


@pytest.fixture
def made(http: httpx2.Client) -> dict[str, str]:
    """One of each thing that a call may ask for, by the names in `_CALLS`."""
    deployment = http.post("/deployments", json=_DEPLOYMENT | {"name": "first"})
    training = http.post(f"{_WORDS_VERSION}/trainings", json=_CALLS["trainings.create"].json)
    prediction = http.post(f"/models/{WORDS.card.id}/predictions", json={"input": {}})
    file = http.post("/files", files={"content": ("a.txt", b"text", "text/plain")})
    for response in (deployment, training, prediction, file):
        response.raise_for_status()
    return {
        "training": training.json()["id"],
        "prediction": prediction.json()["id"],
        "file": file.json()["id"],
        "download": file.json()["urls"]["download"],
    }


def _called(http: httpx2.Client, call: Call, made: dict[str, str]) -> httpx2.Response:
    return http.request(
        call.method,
        call.path.format(**made),
        json=call.json,
        files=call.files,
        headers=call.headers,
    )


def _check(response: httpx2.Response, operation: dict[str, Any]) -> None:
    """Check an answer's status, content type and body against what is documented of them."""
    documented = operation["responses"]
    assert str(response.status_code) in documented, response.text
    content = documented[str(response.status_code)].get("content")
    if not content:
        assert response.status_code == 404 or response.content == b""
        return
    media_type = response.headers["content-type"].split(";")[0]
    if "application/octet-stream" in content:  # a file of any type
        assert response.content == b"text"
        return
    assert media_type in content
    schema = content[media_type]["schema"]
    body = response.json() if media_type.endswith("json") else response.text
    document = {"components": json.loads(_DOCUMENT.read_text())["components"], "allOf": [schema]}
    validator = Draft202012Validator(_without_nullable(document), format_checker=_FORMATS)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)] == []


def _without_nullable(schema: Any) -> Any:
    """Return a schema with OpenAPI 3.0's `nullable` as JSON Schema says it, and nothing loose.

    `version` is one of any string and one certain string, which both hold for that one.
    """
    match schema:
        case dict():
            plain = {
                "anyOf" if name == "oneOf" else name: _without_nullable(value)
                for name, value in schema.items()
            }
            return {"anyOf": [plain, {"type": "null"}]} if plain.get("nullable") is True else plain
        case list():
            return [_without_nullable(item) for item in schema]
        case _:
            return schema


def test_each_operation_of_the_document_is_called_here() -> None:
    documented = {
        name: (method, path.count("/")) for name, (method, path, _) in _OPERATIONS.items()
    }

    called = {
        name: (call.method, call.path.split("?")[0].count("/")) for name, call in _CALLS.items()
    }

    called["files.download"] = documented["files.download"]  # whose path is made by the emulator
    assert called == documented


def test_each_documented_error_is_met_here() -> None:
    documented = {
        (name, status)
        for name, (_, _, operation) in _OPERATIONS.items()
        for status in operation["responses"]
        if status >= "400"
    }

    assert {name for name, _ in documented - _UNTOUCHED} == {*_REFUSED, "files.create"}


@pytest.mark.parametrize("name", sorted(_OPERATIONS))
def test_an_operation_answers_as_documented(
    name: str, http: httpx2.Client, made: dict[str, str]
) -> None:
    operation = _OPERATIONS[name][2]

    response = _called(http, _CALLS[name], made)

    assert response.is_success, response.text
    _check(response, operation)


@pytest.mark.parametrize("name", sorted(_REFUSED))
def test_an_operation_refuses_as_documented(name: str, http: httpx2.Client) -> None:
    operation = _OPERATIONS[name][2]

    response = _called(http, _REFUSED[name], {})

    assert response.is_error
    _check(response, operation)


def test_a_file_of_more_than_100_mb_is_refused_as_documented(http: httpx2.Client) -> None:
    connection = HTTPConnection(http.base_url.host, http.base_url.port or 0, timeout=5)

    with closing(connection):
        connection.putrequest("POST", "/v1/files")
        connection.putheader("Authorization", "Bearer r8_test")
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.putheader("Content-Length", str(101 * 1024**2))
        connection.endheaders()
        answer = connection.getresponse()
        response = httpx2.Response(
            answer.status, headers=dict(answer.getheaders()), content=answer.read()
        )

    assert response.status_code == 413
    _check(response, _OPERATIONS["files.create"][2])


def test_an_operation_needs_a_token_exactly_if_the_document_says_so(
    emulator: Emulator, bare: httpx2.Client, made: dict[str, str]
) -> None:
    open_by_document = {
        name for name, (_, _, operation) in _OPERATIONS.items() if operation.get("security") == []
    }

    bare.base_url = httpx2.URL(f"{emulator.url}/v1")
    statuses = {name: _called(bare, call, made).status_code for name, call in _CALLS.items()}

    # The document forgets that a download's signature is all it needs; its example says so.
    open_here = {name for name, status in statuses.items() if status != 401}
    assert open_here == open_by_document | {"files.download"}
    assert all(statuses[name] == 200 for name in open_here)


def test_what_runs_a_model_is_in_its_version(http: httpx2.Client) -> None:
    model = http.get(f"/models/{PICTURES.card.id}").json()

    version = model["latest_version"]
    schemas = version["openapi_schema"]["components"]["schemas"]
    assert version["id"] == PICTURES.card.version
    assert schemas["Input"] == PICTURES.card.input
    assert schemas["Output"] == PICTURES.card.output
    assert schemas["aspect_ratio"]["enum"] == ["1:1", "2:1"]


def test_a_model_has_an_example_that_is_a_prediction_of_its_own(http: httpx2.Client) -> None:
    model = http.get(f"/models/{WORDS.card.id}").json()

    example = model["default_example"]
    assert example["input"] == {"prompt": "example"}
    assert example["output"] == ["Hello ", "example "]
    assert http.get(example["urls"]["get"]).json() == example
    assert http.get(f"/models/{WORDS.card.id}/examples").json()["results"] == [example]


def test_an_examples_file_can_be_had_without_a_token(
    emulator: Emulator, http: httpx2.Client, bare: httpx2.Client
) -> None:
    example = http.get(f"/models/{PICTURES.card.id}").json()["default_example"]

    first, again = (bare.get(example["output"][0]) for _ in range(2))

    assert (first.status_code, first.headers["content-type"]) == (200, "image/png")
    assert first.content == again.content
    assert bare.get(f"{emulator.url}/examples/{PICTURES.card.id}/9/out-9").status_code == 404


def test_a_model_without_example_input_has_no_example(http: httpx2.Client) -> None:
    model = http.get(f"/models/{GREETER.card.id}").json()
    examples = http.get(f"/models/{GREETER.card.id}/examples").json()

    assert model["default_example"] is None
    assert examples == {"next": None, "previous": None, "results": []}


def test_a_file_is_described_with_all_that_the_clients_read(
    http: httpx2.Client, made: dict[str, str]
) -> None:
    file = http.get(f"/files/{made['file']}").json()

    assert file["name"] == "a.txt"
    assert file["etag"]
    assert file["checksums"]["md5"] == "1cb251ec0d568de6a929b520c4aed8d1"
    assert file["checksums"]["sha256"].startswith("982d9e3eb996f559e633f4d194def376")


def test_models_are_found_by_all_words_of_a_query(http: httpx2.Client) -> None:
    by_query = http.request("QUERY", "/models", content="painters pictures").json()
    by_search = http.get("/search", params={"query": "pictures tiny", "limit": 1}).json()
    nothing = http.request("QUERY", "/models", content="pictures unheard-of").json()

    assert [model["name"] for model in by_query["results"]] == ["pictures"]
    assert [item["model"]["name"] for item in by_search["models"]] == ["pictures"]
    assert by_search["models"][0]["metadata"]["tags"] == ["text-to-image"]
    assert nothing["results"] == []


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("text to image", ["text-to-image"]),
        ("Pictures, description", ["text-to-image"]),
        ("images video", []),
        ("!?", []),
    ],
)
def test_collections_are_found_by_all_words_of_a_query(
    query: str, slugs: list[str], http: httpx2.Client
) -> None:
    found = http.get("/search", params={"query": query}).json()

    assert [collection["slug"] for collection in found["collections"]] == slugs
    assert all(collection["models"] for collection in found["collections"])


@pytest.mark.parametrize("limit", ["0", "51", "-1", "1.5", "²", "many"])
def test_a_search_refuses_a_limit_out_of_range(limit: str, http: httpx2.Client) -> None:
    response = http.get("/search", params={"query": "tiny", "limit": limit})

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"


def test_models_are_listed_newest_first_or_last(http: httpx2.Client) -> None:
    newest = [model["name"] for model in http.get("/models").json()["results"]]
    oldest = [model["name"] for model in http.get("/models?sort_direction=asc").json()["results"]]

    assert newest[:2] == ["words", "pictures"]
    assert oldest == newest[::-1]


@pytest.mark.parametrize("query", ["sort_by=name", "sort_direction=up"])
def test_an_unknown_order_of_models_is_refused(query: str, http: httpx2.Client) -> None:
    assert http.get(f"/models?{query}").status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visibility": "hidden"}, "visibility"),
        ({"hardware": "abacus"}, "hardware"),
    ],
)
def test_a_model_is_made_with_known_words_only(
    change: dict[str, str], field: str, http: httpx2.Client
) -> None:
    response = http.post("/models", json=_MODEL | change)

    assert response.status_code == 422
    assert [item["field"] for item in response.json()["invalid_fields"]] == [field]


def test_a_model_is_made_once_and_for_oneself_only(http: httpx2.Client) -> None:
    made = http.post("/models", json=_MODEL)
    again = http.post("/models", json=_MODEL)
    foreign = http.post("/models", json=_MODEL | {"owner": "meta"})

    assert (made.status_code, again.status_code, foreign.status_code) == (201, 409, 403)


def test_only_an_own_model_can_be_changed_or_removed(http: httpx2.Client) -> None:
    url = f"/models/{WORDS.card.id}"

    statuses = [
        http.patch(url, json={"description": "mine"}).status_code,
        http.delete(url).status_code,
        http.delete(_WORDS_VERSION).status_code,
    ]

    assert statuses == [403, 403, 403]
    assert http.get(url).json()["description"] == WORDS.card.description


def test_a_model_whose_version_was_deleted_stays_but_cannot_be_run(http: httpx2.Client) -> None:
    http.delete(_OWN_VERSION).raise_for_status()

    assert http.get(f"/models/{OWN.card.id}").json()["latest_version"] is None
    assert http.get(_OWN_VERSION).status_code == 404
    body = {"version": OWN.card.version, "input": {}}
    assert http.post("/predictions", json=body).status_code == 422


def test_each_change_of_a_deployment_is_a_new_release(
    http: httpx2.Client, made: dict[str, str]
) -> None:
    before = http.get("/deployments/emulator/first").json()["current_release"]
    http.patch("/deployments/emulator/first", json={"max_instances": 9}).raise_for_status()
    after = http.get("/deployments/emulator/first").json()["current_release"]

    assert (before["number"], after["number"]) == (1, 2)
    assert after["configuration"] == before["configuration"] | {"max_instances": 9}
    assert after["version"] == before["version"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"max_instances": 21}, "number_lte"),
        ({"min_instances": -1}, "number_gte"),
        ({"min_instances": "1"}, "invalid_type"),
        ({"hardware": "abacus"}, "enum"),
    ],
)
def test_a_deployment_out_of_bounds_is_refused(
    change: dict[str, Any], kind: str, http: httpx2.Client
) -> None:
    response = http.post("/deployments", json=_DEPLOYMENT | change)

    assert response.status_code == 422
    (wrong,) = response.json()["invalid_fields"]
    assert (wrong["type"], wrong["field"]) == (kind, next(iter(change)))


@pytest.mark.parametrize("change", [{"version": "0" * 64}, {"model": WORDS.card.id}])
def test_a_deployment_of_a_version_that_is_not_there_is_refused(
    change: dict[str, str], http: httpx2.Client
) -> None:
    response = http.post("/deployments", json=_DEPLOYMENT | change)

    assert response.status_code == 422
    assert response.json()["title"] == "Invalid version or not permitted"


def test_a_training_with_an_input_that_is_no_object_is_refused(http: httpx2.Client) -> None:
    body = {"destination": OWN.card.id, "input": "all of it"}

    response = http.post(f"{_WORDS_VERSION}/trainings", json=body)

    assert response.status_code == 422
    assert response.json()["invalid_fields"][0]["field"] == "input"
