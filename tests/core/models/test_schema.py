"""Real models' documents are read whole, and an input is checked before it is paid for."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.models.schema import Field, ModelSchema

SCHEMAS = Path(__file__).parents[4] / "shared" / "schemas"


def read(name: str) -> dict[str, Any]:
    if not SCHEMAS.is_dir():
        pytest.skip(f"the models' real schemas aren't here ({SCHEMAS})")
    document: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text())
    return document["openapi_schema"]


def document(
    properties: dict[str, Any] | None = None, output: Any = None, **schemas: Any
) -> dict[str, Any]:
    """An OpenAPI document as a version has it."""
    if properties is not None:
        schemas["Input"] = {"type": "object", "properties": properties}
    if output is not None:
        schemas["Output"] = output
    return {"components": {"schemas": schemas}}


def only_field(declared: dict[str, Any], **schemas: Any) -> Field:
    (field,) = ModelSchema.from_openapi(document({"thing": declared}, **schemas)).fields
    return field


def refusal(declared: dict[str, Any], value: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        ModelSchema.from_openapi(document({"thing": declared})).validate({"thing": value})
    assert caught.value.field == "thing"
    return str(caught.value)


def test_every_real_schema_is_read_with_all_its_fields_and_takes_its_own_defaults() -> None:
    if not SCHEMAS.is_dir():
        pytest.skip(f"the models' real schemas aren't here ({SCHEMAS})")
    paths = sorted(SCHEMAS.glob("*.json"))
    assert len(paths) == 92

    for path in paths:
        declared = json.loads(path.read_text())["openapi_schema"]
        properties = declared["components"]["schemas"]["Input"].get("properties", {})
        schema = ModelSchema.from_openapi(declared)

        assert {field.name for field in schema.fields} == set(properties), path.name
        for field in schema.fields:
            if field.default is not None:
                assert field.checked(field.default) == field.default, (path.name, field.name)


def test_a_choice_behind_all_of_is_found_with_its_default() -> None:
    schema = ModelSchema.from_openapi(read("black-forest-labs__flux-schnell"))

    ratio = schema.field("aspect_ratio")

    assert ratio is not None
    assert (ratio.title, ratio.type, ratio.default) == ("Aspect Ratio", "string", "1:1")
    assert ratio.choices[:2] == ("1:1", "16:9")
    assert ratio.description == "Aspect ratio for the generated image"


def test_fields_come_in_the_order_that_the_model_gives_them() -> None:
    schema = ModelSchema.from_openapi(read("black-forest-labs__flux-schnell"))

    assert [field.name for field in schema.fields][:4] == [
        "prompt",
        "aspect_ratio",
        "num_outputs",
        "num_inference_steps",
    ]


def test_without_an_order_fields_come_as_they_are_written() -> None:
    schema = ModelSchema.from_openapi(
        document({"zebra": {}, "ant": {}, "first": {"x-order": 0}, "bee": {"x-order": None}})
    )

    assert [field.name for field in schema.fields] == ["first", "zebra", "ant", "bee"]


def test_a_reference_that_leads_nowhere_lets_any_value_through() -> None:
    schema = ModelSchema.from_openapi(read("minimax__hailuo-2.3"))
    duration = schema.field("duration")

    assert duration is not None
    assert (duration.type, duration.is_certain, duration.choices) == ("integer", False, ())
    assert schema.validate({"prompt": "waves", "duration": "10"})["duration"] == "10"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"type": "string", "format": "uri"}, "file"),
        ({"type": "array", "items": {"type": "string", "format": "uri"}}, "files"),
        ({"type": "array", "items": {"type": "string", "format": "uri", "anyOf": []}}, "files"),
        ({"type": "array", "items": {"type": "object"}}, "array"),
        ({"type": "object"}, "object"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"type": ["number", "null"]}, "number"),
        ({"allOf": [{"$ref": "#/components/schemas/size"}]}, "integer"),
        ({"$ref": "#/components/schemas/size"}, "integer"),
        ({"enum": [True, False]}, "boolean"),
        ({"default": 0.5}, "number"),
        ({"default": [1]}, "array"),
        ({"default": {}}, "object"),
        ({}, "string"),
    ],
)
def test_each_way_to_declare_a_type_is_understood(declared: Any, expected: str) -> None:
    assert only_field(declared, size={"type": "integer", "enum": [5, 10]}).type == expected


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "integer", "nullable": True},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"type": "integer"}]},
        {"type": ["integer", "null"]},
    ],
)
def test_each_way_to_allow_null_is_understood(declared: Any) -> None:
    field = only_field(declared)

    assert (field.nullable, field.checked(None)) == (True, None)


@pytest.mark.parametrize(
    "declared",
    [{"format": "password"}, {"writeOnly": True}, {"x-cog-secret": True}],
)
def test_each_way_to_mark_a_secret_is_understood(declared: Any) -> None:
    assert only_field({"type": "string"} | declared).secret
    assert not only_field({"type": "string"}).secret


def test_a_type_that_contains_itself_is_read() -> None:
    json_value = {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Json"}},
        ]
    }
    circle = {"$ref": "#/components/schemas/Circle"}

    field = only_field({"$ref": "#/components/schemas/Json"}, Json=json_value)
    around = only_field({"$ref": "#/components/schemas/Circle"}, Circle=circle)

    assert (field.type, field.also) == ("string", ("array",))
    assert not around.is_certain


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ({"type": "string", "format": "uri"}, "file"),
        ({"type": "array", "items": {"type": "string", "format": "uri"}}, "files"),
        ({"type": "string"}, "text"),
        (
            {
                "type": "array",
                "items": {"type": "string"},
                "x-cog-array-type": "iterator",
                "x-cog-array-display": "concatenate",
            },
            "text",
        ),
        (
            {
                "type": "array",
                "items": {"type": "string", "format": "uri"},
                "x-cog-array-type": "iterator",
            },
            "files",
        ),
        ({"type": "array", "items": {"type": "string"}}, "json"),
        ({"type": "number"}, "json"),
        ({"title": "Output"}, "json"),
        (None, "json"),
    ],
)
def test_what_an_output_is_follows_from_its_schema(output: Any, kind: str) -> None:
    schema = ModelSchema.from_openapi(document({}, output))

    assert schema.output_kind == kind
    assert schema.streams == ("concatenate" in str(output))


def test_files_are_found_wherever_they_lie_in_an_output() -> None:
    file = {"type": "string", "format": "uri"}
    track = {"type": "object", "properties": {"file": file, "text": {"type": "string"}}}
    output = {"type": "array", "items": {"$ref": "#/components/schemas/Track"}}
    schema = ModelSchema.from_openapi(document({}, output, Track=track))

    found = schema.file_urls(
        [{"file": "https://a/1.wav", "text": "https://no"}, {"file": None}, {"file": "https://a/2"}]
    )

    assert found == ["https://a/1.wav", "https://a/2"]


def test_of_an_unknown_output_urls_are_files_and_words_are_not() -> None:
    schema = ModelSchema.from_openapi(document({}))

    assert schema.file_urls(["https://a/1.png", "a fox"]) == ["https://a/1.png"]
    assert schema.file_urls("data:image/png;base64,AA==") == ["data:image/png;base64,AA=="]
    assert schema.file_urls({"page": "https://example.com"}) == []


def test_an_unknown_setting_is_refused_with_the_one_that_was_meant() -> None:
    schema = ModelSchema.from_openapi(document({"prompt": {"type": "string"}, "seed": {}}))

    with pytest.raises(
        InvalidInput, match=r"no setting “promt”; did you mean “prompt”\?"
    ) as caught:
        schema.validate({"promt": "a fox"})
    with pytest.raises(InvalidInput, match=r"no setting “zzz”\.$"):
        schema.validate({"zzz": 1})

    assert caught.value.field == "promt"


def test_a_missing_setting_that_the_model_needs_is_named() -> None:
    schema = ModelSchema.from_openapi(read("black-forest-labs__flux-schnell"))

    with pytest.raises(InvalidInput, match="Prompt is missing") as caught:
        schema.validate({"seed": 1})

    assert caught.value.field == "prompt"


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 4}, 5, "Thing goes from 1 to 4, not 5."),
        ({"type": "integer", "minimum": 1}, 0, "Thing is at least 1, not 0."),
        ({"type": "number", "maximum": 0.5}, 0.75, "Thing is at most 0.5, not 0.75."),
        ({"type": "integer"}, "5", "Thing takes a whole number, and “5” isn't one."),
        ({"type": "integer"}, 5.5, "Thing takes a whole number, and “5.5” isn't one."),
        ({"type": "integer"}, True, "Thing takes a whole number, and “True” isn't one."),
        ({"type": "number"}, float("nan"), "Thing takes a number, and “nan” isn't one."),
        ({"type": "string"}, None, "Thing takes a text, and nothing isn't one."),
        ({"type": "boolean"}, 1, "Thing takes a yes or no (true or false), and “1” isn't one."),
        ({"enum": [5, 10]}, "5", "Thing is one of 5, 10; “5” isn't."),
        ({"enum": [0, 1]}, True, "Thing is one of 0, 1; “True” isn't."),
        ({"type": "string", "maxLength": 3}, "four", "Thing has at most 3 characters, not 4."),
        (
            {"type": "array", "items": {"type": "number"}},
            [1, "2"],
            "Thing is a list of which each item is a number, and “2” isn't one.",
        ),
        ({"type": "object"}, [], "Thing takes a JSON object, and “[]” isn't one."),
    ],
)
def test_a_value_that_the_model_does_not_take_is_refused_in_one_sentence(
    declared: Any, value: Any, message: str
) -> None:
    assert refusal(declared, value) == message


def test_a_long_wrong_value_is_not_repeated_whole() -> None:
    assert len(refusal({"type": "integer"}, "x" * 5000)) < 120


@pytest.mark.parametrize(
    ("declared", "value", "sent"),
    [
        ({"type": "integer"}, 5.0, 5),
        ({"type": "number"}, 5, 5),
        ({"enum": [5, 10]}, 10.0, 10),
        ({"enum": ["a"], "default": "old"}, "old", "old"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, ["a"], ["a"]),
        ({"type": "string", "format": "uri"}, Path("in.png"), Path("in.png")),
    ],
)
def test_a_value_that_fits_is_sent(declared: Any, value: Any, sent: Any) -> None:
    checked = ModelSchema.from_openapi(document({"thing": declared})).validate({"thing": value})

    assert checked == {"thing": sent}
    assert type(checked["thing"]) is type(sent)


def test_an_open_file_is_a_file() -> None:
    file = io.BytesIO(b"picture")

    assert only_field({"type": "string", "format": "uri"}).checked(file) is file


@pytest.mark.parametrize("unknown", [None, {}, {"components": {"schemas": {}}}])
def test_without_a_schema_anything_is_let_through(unknown: Any) -> None:
    schema = ModelSchema.from_openapi(unknown)

    assert schema.is_open
    assert schema.validate({"anything": [1]}) == {"anything": [1]}


def test_a_model_without_inputs_takes_none() -> None:
    schema = ModelSchema.from_openapi(read("andreasjansson__plasma"))

    assert schema.validate({}) == {}
    with pytest.raises(InvalidInput):
        schema.validate({"prompt": "a fox"})
