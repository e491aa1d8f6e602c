from typing import Any

import pytest

from core.errors import InvalidInput, MalformedResponse
from core.models.names import Model, ModelName

VERSION = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acme/fox", ModelName("acme", "fox")),
        ("black-forest-labs/flux-1.1-pro", ModelName("black-forest-labs", "flux-1.1-pro")),
        ("Some_One/Model.2", ModelName("Some_One", "Model.2")),
        ("3b/8b", ModelName("3b", "8b")),
        (f"acme/fox:{VERSION}", ModelName("acme", "fox", VERSION)),
        ("acme/fox:0a1b", ModelName("acme", "fox", "0a1b")),
        (VERSION, ModelName(version=VERSION)),
        ("deployments/acme/fox", ModelName("acme", "fox", deployment=True)),
    ],
)
def test_a_name_is_read_and_written_back(text: str, name: ModelName) -> None:
    parsed = ModelName.parse(text)

    assert parsed == name
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fox",
        "acme/",
        "/fox",
        "acme//fox",
        "a/b/c",
        "acme/fox:",
        "acme/fox:latest",
        "acme/fox:ABC",
        "deployments/acme/fox:0a",
        "..",
        "../fox",
        "acme/..",
        "./..",
        "acme/.hidden",
        "-/fox",
        "acme/fox?x=1",
        "acme/fox#x",
        "acme/fo x",
        " acme/fox",
        "acme/fox\n",
        "acme/föx",
        "acme%2ffox/x",
        VERSION[:-1],
        VERSION.upper(),
    ],
)
def test_what_is_no_name_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match="isn't a model: write owner/name") as caught:
        ModelName.parse(text)

    assert caught.value.field == "model"


def test_a_model_is_read_with_its_latest_versions_schema() -> None:
    body = {
        "owner": "acme",
        "name": "fox",
        "description": "Foxes",
        "is_official": True,
        "run_count": 7,
        "cover_image_url": "https://x.test/fox.webp",
        "latest_version": {"id": VERSION, "openapi_schema": {"openapi": "3.0.2"}},
        "licence": "MIT",
    }

    model = Model.from_json(body)

    assert (model.owner, model.name, model.is_official, model.run_count) == ("acme", "fox", True, 7)
    assert (model.version_id, model.openapi_schema) == (VERSION, {"openapi": "3.0.2"})
    assert model.extra["licence"] == "MIT"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"description": None, "run_count": None, "latest_version": None, "is_official": None},
        {"run_count": "many", "latest_version": [1]},
        {"run_count": {}, "latest_version": "x"},
    ],
)
def test_a_model_may_lack_everything_but_its_name(odd: dict[str, Any]) -> None:
    model = Model.from_json({"owner": "acme", "name": "fox", **odd})

    assert (model.description, model.is_official, model.run_count) == ("", False, 0)
    assert (model.version_id, model.openapi_schema) == (None, None)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"owner": "acme"}, {"name": "fox"}])
def test_what_is_no_model_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse):
        Model.from_json(body)
