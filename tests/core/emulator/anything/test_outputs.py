"""An output fits its schema, whatever that says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.core.emulator.anything.material import PROMPT, TOKENS, URI, model, output_of, run


@pytest.mark.parametrize(
    "output",
    [
        {"type": "string"},
        {"type": "string", "enum": ["cat", "dog"]},
        {"type": "string", "format": "date-time"},
        {"type": "string", "minLength": 2000},
        {"type": "string", "maxLength": 20},
        {"type": "integer", "minimum": 5, "maximum": 5},
        {"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 20},
        {"type": "integer", "enum": [3, 5]},
        {"type": "integer", "maximum": -40},
        {"type": "number", "minimum": 0.25, "maximum": 0.26},
        {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.1},
        {"type": "boolean"},
        {"type": "null"},
        {"const": "same"},
        {"type": ["null", "integer"]},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"oneOf": [{"type": "array", "items": {"type": "number"}}, {"type": "string"}]},
        {"allOf": [{"type": "integer"}, {"minimum": 2000}]},
        {"type": "array", "items": {"type": "integer"}, "minItems": 5, "maxItems": 6},
        {"type": "array", "items": {"type": "integer"}, "maxItems": 1},
        {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "minItems": 2},
        {"type": "array", "items": {"type": "array", "items": URI}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object"},
        {"items": URI},
        {"properties": {"a": {"type": "object", "properties": {"b": URI}, "required": ["b"]}}},
        {"$ref": "#/components/schemas/Found"},
        {"type": "array", "items": {"$ref": "#/components/schemas/Found"}},
        {"$ref": "#/components/schemas/Tree"},
        TOKENS,
        URI,
        {"type": "array", "items": URI},
        {},
    ],
    ids=lambda output: json.dumps(output)[:60],
)
async def test_an_output_fits_its_schema(output: dict[str, Any], tmp_path: Path) -> None:
    found = {
        "type": "object",
        "properties": {
            "label": {"type": "string"},
            "score": {"type": "number", "minimum": 0, "maximum": 1},
            "crop": URI,
            "box": {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4},
        },
        "required": ["label", "score", "crop", "box"],
    }
    branches = {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
    tree = {"type": "object", "properties": {"name": {"type": "string"}, "branches": branches}}
    schemas = {"Found": found, "Tree": tree}
    runner = model(output, {"prompt": PROMPT}, schemas=schemas, folder=tmp_path)

    made = output_of(runner, await run(runner, prompt="a heron"))

    document = runner.card.document
    assert document is not None
    whole = {**document, "$ref": "#/components/schemas/Output"}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(made)
    assert made is not None or "null" in json.dumps(output)


@pytest.mark.parametrize(
    ("output", "least"),
    [
        ({"type": "array", "items": {"type": "integer"}, "minItems": 10**9}, 1000),
        ({"$ref": "#/components/schemas/Endless"}, 1),
        ({"$ref": "#/components/schemas/Nest"}, 1),
    ],
)
async def test_an_output_without_an_end_is_bounded(
    output: dict[str, Any], least: int, tmp_path: Path
) -> None:
    again = {"$ref": "#/components/schemas/Endless"}
    properties = {name: {"type": "array", "items": again, "minItems": 3} for name in "abcd"}
    endless = {"type": "object", "properties": properties}
    nest = {"type": "array", "items": {"$ref": "#/components/schemas/Nest"}}
    runner = model(output, schemas={"Endless": endless, "Nest": nest}, folder=tmp_path)

    made = output_of(runner, await run(runner))

    assert least <= len(made)
    assert len(json.dumps(made)) < 500_000


@pytest.mark.parametrize(
    ("output", "made"),
    [
        ({"type": "array", "items": [{"const": 1}, {"const": "a"}]}, [1, "a"]),
        ({"type": "array", "items": None, "maxItems": 0}, []),
        ({"type": "array", "items": URI, "maxItems": 0}, []),
        ({**URI, "const": "https://far/away.png"}, "https://far/away.png"),
        ({"type": "integer", "minimum": 3, "maximum": 1}, 3),
    ],
)
async def test_an_odd_schema_gives_what_it_can(
    output: dict[str, Any], made: Any, tmp_path: Path
) -> None:
    runner = model(output, folder=tmp_path)

    assert output_of(runner, await run(runner)) == made


async def test_a_type_that_cannot_be_without_itself_ends(tmp_path: Path) -> None:
    itself = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Self"}}}
    schemas = {
        "Self": {**itself, "required": ["a"]},
        "Circle": {"$ref": "#/components/schemas/Circle"},
    }
    runner = model({"$ref": "#/components/schemas/Self"}, schemas=schemas, folder=tmp_path)
    assert "a" in output_of(runner, await run(runner))

    circle = {"$ref": "#/components/schemas/Circle"}
    runner = model(circle, schemas=schemas, folder=tmp_path)
    assert output_of(runner, await run(runner))
