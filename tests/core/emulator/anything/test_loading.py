"""A folder of schemas becomes models; what is no schema is told in a sentence, and left."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.emulator import Emulator
from core.emulator.models import RUNNERS
from core.emulator.models.anything import load
from core.emulator.runner import ModelCard
from tests.core.emulator.clients import client_of

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.2",
    "info": {"title": "Cog", "version": "0.1.0"},
    "components": {
        "schemas": {
            "Input": {
                "type": "object",
                "properties": {
                    "prompt": {"type": "string"},
                    "image": {"type": "string", "format": "uri"},
                },
            },
            "Output": {"type": "string"},
        }
    },
}
VERSION = "0123456789abcdef" * 4


def card_of(folder: Path, **known: Any) -> ModelCard:
    [runner] = load(folder, **known).runners
    return runner.card


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_bare_document_is_named_by_its_file(tmp_path: Path) -> None:
    write(tmp_path / "me__my_model__2.json", DOCUMENT)

    card = card_of(tmp_path)

    assert card.id == "me/my_model__2"
    assert card.document == DOCUMENT
    assert len(card.version) == 64
    assert not card.is_official


def test_an_object_around_a_document_tells_more(tmp_path: Path) -> None:
    about = {
        "model": "other/name",
        "version": VERSION,
        "cog_version": "0.8.6",
        "created_at": "2023-11-23T08:18:53.467813Z",
        "description": "It does things.",
        "provenance": {"is_official": True},
    }
    write(tmp_path / "me__model.json", {**about, "openapi_schema": DOCUMENT})

    card = card_of(tmp_path)

    assert (card.id, card.version, card.cog_version) == ("me/model", VERSION, "0.8.6")
    assert card.created_at == about["created_at"]
    assert card.description == "It does things."
    assert card.is_official


def test_a_model_as_the_api_describes_it_is_taken(tmp_path: Path) -> None:
    latest = {"id": VERSION, "created_at": "soon", "openapi_schema": DOCUMENT}
    shown = {
        "owner": "me",
        "name": "model",
        "description": "It does things.",
        "run_count": 12,
        "is_official": False,
        "github_url": "https://github.com/me/model",
        "default_example": {
            "input": {"prompt": "a heron", "image": "https://far/away.png", "gone": 1},
            "output": "…",
        },
        "latest_version": latest,
    }
    write(tmp_path / "saved.json", shown)

    card = card_of(tmp_path)

    assert (card.id, card.version, card.run_count) == ("me/model", VERSION, 12)
    assert card.example_input == {"prompt": "a heron"}
    assert card.created_at == ModelCard.created_at
    assert card.github_url == "https://github.com/me/model"


def test_what_a_file_does_not_tell_of_a_known_model_is_taken_from_there(tmp_path: Path) -> None:
    [known] = [one.card for one in RUNNERS if one.card.id == "anthropic/claude-4.5-sonnet"]
    schemas = {"Input": DOCUMENT["components"]["schemas"]["Input"]}
    write(
        tmp_path / "anthropic__claude-4.5-sonnet.json",
        {"openapi_schema": {"openapi": "3.0.2", "components": {"schemas": schemas}}},
    )

    card = card_of(tmp_path, known=[known])

    assert card.is_official
    assert card.collections == ("language-models",)
    assert card.output == known.output
    assert card.version != known.version


def test_links_that_a_file_does_not_tell_are_taken_from_what_is_known(tmp_path: Path) -> None:
    known = replace(RUNNERS[0].card, owner="me", name="model", paper_url="https://a/p", cover=None)
    known = replace(known, github_url="https://a/g", license_url=None)
    write(
        tmp_path / "me__model.json",
        {"github_url": "https://github.com/me/model", "openapi_schema": DOCUMENT},
    )

    card = card_of(tmp_path, known=[known])

    assert (card.github_url, card.paper_url, card.license_url) == (
        "https://github.com/me/model",
        "https://a/p",
        None,
    )


@pytest.mark.parametrize(
    ("name", "inputs", "collections"),
    [
        ("flux-turbo", ["prompt"], ("text-to-image",)),
        ("flux-upscaler", ["image"], ()),
        ("ray-motion", ["prompt"], ("text-to-video",)),
        ("llama-chat", ["prompt"], ("language-models",)),
        ("ocr", ["image"], ()),
        ("e5-embeddings", ["texts"], ("embedding-models",)),
        ("mesh-maker", ["image"], ("3d-models",)),
        ("thing", ["prompt"], ()),
    ],
)
def test_a_model_is_in_the_collection_where_one_would_look_for_it(
    tmp_path: Path, name: str, inputs: list[str], collections: tuple[str, ...]
) -> None:
    properties = {name: {"type": "string"} for name in inputs}
    schemas = {"Input": {"type": "object", "properties": properties}, "Output": {}}
    document = {"openapi": "3.0.2", "components": {"schemas": schemas}}
    write(tmp_path / f"me__{name}.json", document)

    card = card_of(tmp_path)

    assert card.collections == collections


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it isn't JSON"),
        ('{"openapi": NaN}', "it isn't JSON"),
        ('{"openapi": 1e999}', "it isn't JSON"),
        ('{"openapi": "\\ud800"}', "it isn't JSON"),
        ("[" * 100_000, "it is nested too deeply"),
        ([DOCUMENT], "it isn't a JSON object"),
        ({"openapi_schema": None}, "no openapi_schema with an Input or an Output"),
        ({"openapi": "3.0.2", "components": {"schemas": []}}, "no openapi_schema"),
        ({"openapi": "3.0.2", "components": {"schemas": {"Input": 5}}}, "no openapi_schema"),
        (" " * 5_000_001, "it is larger than 5 MB"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_broken_file_is_one_sentence_and_the_others_are_served(
    content: Any, reason: str, tmp_path: Path
) -> None:
    write(tmp_path / "me__broken.json", content)
    write(tmp_path / "me__whole.json", DOCUMENT)
    write(tmp_path / "README.md", "No schema.")

    loaded = load(tmp_path)

    assert [runner.card.id for runner in loaded.runners] == ["me/whole"]
    [sentence] = loaded.refused
    assert sentence.startswith("me__broken.json isn't served: ")
    assert reason in sentence
    assert "\n" not in sentence


def test_a_file_without_a_name_and_one_with_a_name_that_is_taken_are_refused(
    tmp_path: Path,
) -> None:
    write(tmp_path / "me__model.json", DOCUMENT)
    write(tmp_path / "more.json", {"model": "me/model", "openapi_schema": DOCUMENT})
    write(tmp_path / "nameless.json", DOCUMENT)
    write(tmp_path / "..__up.json", DOCUMENT)

    loaded = load(tmp_path)

    assert len(loaded.runners) == 1
    assert loaded.refused == (
        "..__up.json isn't served: no model is named in it; call it OWNER__NAME.json.",
        "more.json isn't served: me__model.json describes me/model already.",
        "nameless.json isn't served: no model is named in it; call it OWNER__NAME.json.",
    )


def test_odd_schemas_are_read_all_the_same(tmp_path: Path) -> None:
    """What is no schema in a schema is left out; how often parts are repeated doesn't matter."""
    twice = {
        f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2} for n in range(60)
    }
    properties = {"a": True, "b": {"type": "integer"}, "c": {"$ref": "https://far/away.json"}}
    declared = {"properties": properties, "required": ["b", "gone", 5]}
    schemas = {**twice, "Input": declared, "Output": {"$ref": "#/components/schemas/S0"}}
    write(tmp_path / "me__odd.json", {"openapi": "3.1.0", "components": {"schemas": schemas}})

    card = card_of(tmp_path)

    assert list(card.input["properties"]) == ["b", "c"]
    assert card.input["required"] == ["b"]
    assert card.example_input == {"b": 1}


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no folder of model schemas"):
        Emulator(schemas=tmp_path / "nowhere")


def test_a_given_model_goes_before_an_own_one_and_broken_files_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "openai__gpt-5.2.json", DOCUMENT)
    write(tmp_path / "me__broken.json", "{")

    with (
        caplog.at_level(logging.WARNING),
        Emulator(port=0, schemas=tmp_path) as emulator,
        client_of(emulator) as http,
    ):
        shown = http.get("/models/openai/gpt-5.2").json()
        count = len(http.get("/models").json()["results"])

    assert shown["latest_version"]["openapi_schema"] == DOCUMENT
    assert shown["is_official"]
    assert count == len(RUNNERS)
    [record] = caplog.records
    assert record.message.startswith("me__broken.json isn't served: it isn't JSON (Expecting")
