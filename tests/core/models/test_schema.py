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
    (field,) = ModelSchema.parse(document({"thing": declared}, **schemas)).fields
    return field


def refusal(declared: dict[str, Any], value: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        ModelSchema.parse(document({"thing": declared})).validate({"thing": value})
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
        schema = ModelSchema.parse(declared)

        assert {field.name for field in schema.fields} == set(properties), path.name
        for field in schema.fields:
            if field.default is not None:
                assert field.checked(field.default) == field.default, (path.name, field.name)


def test_a_choice_behind_all_of_is_found_with_its_default() -> None:
    schema = ModelSchema.parse(read("black-forest-labs__flux-schnell"))

    ratio = schema.field("aspect_ratio")

    assert ratio is not None
    assert (ratio.title, ratio.type, ratio.default) == ("Aspect Ratio", "string", "1:1")
    assert ratio.choices[:2] == ("1:1", "16:9")
    assert ratio.description == "Aspect ratio for the generated image"


def test_fields_come_in_the_order_that_the_model_gives_them() -> None:
    schema = ModelSchema.parse(read("black-forest-labs__flux-schnell"))

    assert [field.name for field in schema.fields][:4] == [
        "prompt",
        "aspect_ratio",
        "num_outputs",
        "num_inference_steps",
    ]


def test_without_an_order_fields_come_as_they_are_written() -> None:
    schema = ModelSchema.parse(
        document({"zebra": {}, "ant": {}, "first": {"x-order": 0}, "bee": {"x-order": None}})
    )

    assert [field.name for field in schema.fields] == ["first", "zebra", "ant", "bee"]


def test_a_reference_that_leads_nowhere_lets_any_value_through() -> None:
    schema = ModelSchema.parse(read("minimax__hailuo-2.3"))
    duration = schema.field("duration")

    assert duration is not None
    assert (duration.type, duration.choices) == ("any", ())
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
        ({"properties": {"x": {"type": "number"}}}, "object"),
        ({"default": 0.5}, "any"),
        ({"type": "tensor"}, "any"),
        ({}, "any"),
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
    assert around.type == "any"


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
    schema = ModelSchema.parse(document({}, output))

    assert schema.output_kind == kind
    assert schema.streams == ("concatenate" in str(output))


def test_files_are_found_wherever_they_lie_in_an_output() -> None:
    file = {"type": "string", "format": "uri"}
    track = {"type": "object", "properties": {"file": file, "text": {"type": "string"}}}
    output = {"type": "array", "items": {"$ref": "#/components/schemas/Track"}}
    schema = ModelSchema.parse(document({}, output, Track=track))

    found = schema.file_urls(
        [{"file": "https://a/1.wav", "text": "https://no"}, {"file": None}, {"file": "https://a/2"}]
    )

    assert found == ["https://a/1.wav", "https://a/2"]


def test_of_an_unknown_output_urls_are_files_and_words_are_not() -> None:
    schema = ModelSchema.parse(document({}))

    assert schema.file_urls(["https://a/1.png", "a fox"]) == ["https://a/1.png"]
    assert schema.file_urls("data:image/png;base64,AA==") == ["data:image/png;base64,AA=="]
    assert schema.file_urls({"page": "https://example.com"}) == []
    assert schema.file_urls({"page": "https://example.com/a.html", "a": ["https://a/b.mp3"]}) == [
        "https://a/b.mp3"
    ]


@pytest.mark.parametrize(
    "output",
    [{}, {"type": "object"}, {"type": "object", "properties": {"text": {"type": "string"}}}],
)
def test_files_are_found_where_a_schema_says_nothing(output: Any) -> None:
    """Demucs calls its output an object and no more; its files are paid for all the same."""
    schema = ModelSchema.parse(document({}, output))

    made = {
        "vocals": "https://a/vocals.wav",
        "all": [{"drums": "https://a/drums.wav?x=1"}, "https://example.com"],
        "text": "see https://a/b.wav",
    }

    assert schema.file_urls(made) == ["https://a/vocals.wav", "https://a/drums.wav?x=1"]


def test_a_setting_that_the_model_lacks_is_told_with_the_one_that_was_meant() -> None:
    """Its schema doesn't rule it out, so that it isn't refused here."""
    schema = ModelSchema.parse(document({"prompt": {"type": "string"}, "seed": {}}))

    assert schema.unknown({"prompt": "a fox", "promt": "a fox", "zzz": 1}) == {
        "promt": "This model has no setting “promt”; did you mean “prompt”?",
        "zzz": "This model has no setting “zzz”.",
    }
    assert schema.validate({"prompt": "a fox", "zzz": 1}) == {"prompt": "a fox", "zzz": 1}
    assert ModelSchema.parse(None).unknown({"zzz": 1}) == {}


def test_all_that_is_wrong_is_said_at_once_and_of_each_field() -> None:
    schema = ModelSchema.parse(
        document({"steps": {"type": "integer", "maximum": 4}, "size": {"enum": [1, 2]}, "x": {}})
    )

    with pytest.raises(InvalidInput) as caught:
        schema.validate({"size": 3, "x": 1, "steps": 9})

    sentences = {"steps": "Steps is at most 4, not 9.", "size": "Size is one of 1, 2; “3” isn't."}
    assert caught.value.fields == sentences
    assert caught.value.field == "steps"
    assert str(caught.value) == " ".join(sentences.values())


def test_a_missing_setting_that_the_model_needs_is_named() -> None:
    schema = ModelSchema.parse(read("black-forest-labs__flux-schnell"))

    with pytest.raises(InvalidInput, match="Prompt is missing") as caught:
        schema.validate({"seed": 1})

    assert caught.value.field == "prompt"


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 4}, 5, "Thing goes from 1 to 4, not 5."),
        ({"type": "integer", "minimum": 1}, 0, "Thing is at least 1, not 0."),
        ({"type": "number", "maximum": 0.5}, 0.75, "Thing is at most 0.5, not 0.75."),
        ({"type": "integer"}, "five", "Thing takes a whole number, and “five” isn't one."),
        ({"type": "integer"}, "1e400", "Thing takes a whole number, and “1e400” isn't one."),
        ({"type": "integer"}, 5.5, "Thing takes a whole number, and “5.5” isn't one."),
        ({"type": "integer"}, True, "Thing takes a whole number, and “True” isn't one."),
        ({"type": "number"}, float("nan"), "Thing takes a number, and “nan” isn't one."),
        ({"type": "string", "default": "x"}, 5, "Thing takes a text, and “5” isn't one."),
        (
            {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            0,
            "Thing is more than 0 and is at most 1, not 0.",
        ),
        (
            {"type": "number", "maximum": 1, "exclusiveMaximum": True},
            1.0,
            "Thing is less than 1, not 1.",
        ),
        (
            {"type": "integer", "maximum": 9},
            10**400,
            "Thing is at most 9, not a number beyond all bounds.",
        ),
        ({"type": "string", "minLength": 3}, "no", "Thing has at least 3 characters, not 2."),
        ({"type": "boolean"}, 1, "Thing takes a yes or no (true or false), and “1” isn't one."),
        ({"enum": [5, 10]}, "7", "Thing is one of 5, 10; “7” isn't."),
        ({"enum": [0, 1]}, True, "Thing is one of 0, 1; “True” isn't."),
        ({"type": "string", "maxLength": 3}, "four", "Thing has at most 3 characters, not 4."),
        (
            {"type": "array", "items": {"type": "number"}},
            [1, "two"],
            "Thing is a list, and its item 2 takes a number, and “two” isn't one.",
        ),
        (
            {"type": "array", "items": {"enum": ["a", "b"]}},
            ["a", "c"],
            "Thing is a list, and its item 2 is one of a, b; “c” isn't.",
        ),
        (
            {"type": "array", "items": {"type": "integer", "maximum": 3}},
            [4],
            "Thing is a list, and its item 1 is at most 3, not 4.",
        ),
        ({"type": "array", "maxItems": 1}, [1, 2], "Thing is a list of at most 1, not 2."),
        ({"type": "array", "minItems": 2}, [1], "Thing is a list of at least 2, not 1."),
        ({"type": "object"}, [1], "Thing takes a JSON object, and “[1]” isn't one."),
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
        ({"type": "integer"}, " 5 ", 5),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "boolean"}, "True", True),
        ({"type": "boolean", "default": True}, False, False),
        ({"type": "integer", "default": 5, "nullable": True}, None, None),
        ({"type": "string", "default": "grain"}, "", ""),
        ({"type": "array", "items": {"type": "integer"}}, ["1", 2.0], [1, 2]),
        ({"enum": [5, 10]}, 10.0, 10),
        ({"enum": [5, 10]}, "10", 10),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, ["a"], ["a"]),
        ({"type": "string", "format": "uri"}, Path("in.png"), Path("in.png")),
    ],
)
def test_a_value_that_fits_is_sent(declared: Any, value: Any, sent: Any) -> None:
    checked = ModelSchema.parse(document({"thing": declared})).validate({"thing": value})

    assert checked == {"thing": sent}
    assert type(checked["thing"]) is type(sent)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"type": "integer", "default": 5}, 5.0),
        ({"enum": ["a"], "default": "old"}, "old"),
        ({"type": "boolean", "default": True}, True),
        ({"type": "array", "default": [1]}, [1.0]),
        ({"type": "object", "default": {"a": 1}}, {"a": 1}),
        ({"type": "integer"}, None),
        ({"type": "integer"}, ""),
        ({"type": "string"}, ""),
        ({"type": "string", "format": "uri", "default": "https://a/b.png"}, ""),
        ({"type": "array"}, []),
        ({"enum": ["a", "b"]}, ""),
    ],
)
def test_defaults_and_what_is_left_empty_are_not_sent(declared: Any, value: Any) -> None:
    assert ModelSchema.parse(document({"thing": declared})).validate({"thing": value}) == {}


def test_a_prompt_is_sent_whatever_the_default_and_so_is_what_the_model_needs() -> None:
    prompt = {"type": "string", "default": "a fox"}
    schema = ModelSchema.parse(
        document({"prompt": prompt, "steps": {"type": "integer", "default": 4}})
    )
    needing = ModelSchema.parse(
        {
            "components": {
                "schemas": {
                    "Input": {
                        "required": ["steps"],
                        "properties": {"steps": {"type": "integer", "default": 4}},
                    }
                }
            }
        }
    )

    assert schema.validate({"prompt": "a fox", "steps": 4}) == {"prompt": "a fox"}
    assert needing.validate({"steps": 4}) == {"steps": 4}


@pytest.mark.parametrize(
    ("declared", "low", "high"),
    [
        ({"type": "integer"}, 0, 2**31 - 1),
        ({"type": "integer", "minimum": -1, "maximum": 99.5}, 0, 99),
        ({"type": "integer", "exclusiveMinimum": 4, "maximum": 2**40}, 5, 2**31 - 1),
    ],
)
def test_a_seed_is_chosen_where_none_is_given(declared: Any, low: int, high: int) -> None:
    schema = ModelSchema.parse(document({"seed": declared}))

    assert schema.validate({}, draw_seed=lambda *limits: limits[0]) == {"seed": low}
    assert schema.validate({"seed": None}, draw_seed=lambda *limits: limits[1]) == {"seed": high}
    assert schema.validate({"seed": 7}, draw_seed=lambda *_: 0) == {"seed": 7}
    assert schema.validate({}) == {}


def test_an_open_file_is_a_file() -> None:
    file = io.BytesIO(b"picture")

    assert only_field({"type": "string", "format": "uri"}).checked(file) is file


@pytest.mark.parametrize("unknown", [None, {}, {"components": {"schemas": {}}}])
def test_without_a_schema_anything_is_let_through(unknown: Any) -> None:
    schema = ModelSchema.parse(unknown)

    assert schema.is_open
    assert schema.validate({"anything": [1]}) == {"anything": [1]}


def test_a_model_without_inputs_takes_none() -> None:
    schema = ModelSchema.parse(read("andreasjansson__plasma"))

    assert (schema.fields, schema.is_open) == ((), False)
    assert schema.validate({}) == {}
    assert list(schema.unknown({"prompt": "a fox"})) == ["prompt"]
