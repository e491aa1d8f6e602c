"""Of any schema and any value: nothing breaks, and what is sent is what the model takes."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from core.errors import InvalidInput
from core.models.mediakinds import kind_in_words, kind_of_url
from core.models.schema import ModelSchema

QUICK = settings(max_examples=150, deadline=None, database=None)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-50, 50)
    | st.floats(-50, 50)
    | st.sampled_from(["", "a", "7", "2.5", "true", "https://example.com/a.png"])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.just("a"), SCALARS)

KEYWORDS = st.sampled_from(
    """
    type enum default minimum maximum exclusiveMinimum allOf anyOf oneOf $ref items properties
    required nullable x-order title description format minLength maxItems writeOnly
    """.split()  # noqa: SIM905 - a list would be a page long
)
WORDS = st.sampled_from(
    [
        "string",
        "integer",
        "number",
        "array",
        "object",
        "null",
        "uri",
        "#/components/schemas/Input",
        "#/components/schemas/Output",
        "#/components/schemas/None",
        "concatenate",
    ]
)
NONSENSE = st.recursive(
    SCALARS | WORDS | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYWORDS | WORDS, inner, max_size=6)
    ),
    max_leaves=25,
)


@st.composite
def declarations(draw: st.DrawFn, *, is_item: bool = False) -> dict[str, Any]:
    """Draw the schema of a field that makes sense."""
    kind = draw(
        st.sampled_from(
            ["integer", "number", "string", "boolean", "enum", "array"][: 5 + (not is_item)]
        )
    )
    declared: dict[str, Any]
    match kind:
        case "enum":
            declared = {"enum": draw(st.lists(st.integers(0, 9) | st.just("a"), min_size=1))}
        case "array":
            declared = {"type": kind, "items": draw(declarations(is_item=True))}
            if draw(st.booleans()):
                declared["maxItems"] = draw(st.integers(1, 3))
        case "integer" | "number":
            low, high = sorted(draw(st.tuples(st.integers(-9, 9), st.integers(-9, 9))))
            limits = {"minimum": low, "maximum": high, "exclusiveMinimum": low - 1}
            chosen = draw(st.sets(st.sampled_from(sorted(limits))))
            declared = {"type": kind} | {name: limits[name] for name in sorted(chosen)}
        case _:
            declared = {"type": kind}
    if not is_item and draw(st.booleans()):
        declared = {"anyOf": [declared, {"type": "null"}]}
    if not is_item and draw(st.booleans()):
        declared["default"] = draw(VALUES)
    return declared


DOCUMENTS = st.dictionaries(st.sampled_from("abcde"), declarations(), min_size=1)


def parsed(properties: Any) -> ModelSchema:
    given = {"type": "object", "properties": properties}
    return ModelSchema.parse({"components": {"schemas": {"Input": given}}})


def fits(declared: Any, value: Any) -> bool:
    return bool(Draft202012Validator(declared).is_valid(value))


@QUICK
@given(NONSENSE, NONSENSE, NONSENSE, VALUES)
def test_whatever_a_document_holds_it_is_read(
    given_: Any, output: Any, whole: Any, value: Any
) -> None:
    for document in (
        whole,
        {"components": {"schemas": {"Input": given_, "Output": output}}},
        {"components": {"schemas": {"Input": {"properties": {"a": given_}}, "Output": output}}},
    ):
        schema = ModelSchema.parse(document)

        assert schema.output_kind in ("text", "file", "files", "json")
        assert schema.output.media in ("image", "video", "audio", "any")
        assert isinstance(schema.file_urls(value), list)
        with suppress(InvalidInput):
            schema.validate({"a": value})


@QUICK
@given(DOCUMENTS, st.data())
def test_nothing_that_a_model_does_not_take_is_ever_sent(
    properties: dict[str, Any], data: st.DataObject
) -> None:
    schema = parsed(properties)
    values = {name: data.draw(VALUES, label=name) for name in properties}

    try:
        sent = schema.validate(values)
    except InvalidInput as error:
        sent = schema.validate({n: v for n, v in values.items() if n not in error.fields})

    for name, value in sent.items():
        assert fits(properties[name], value), (name, value)
    assert schema.validate(sent) == sent


@QUICK
@given(DOCUMENTS, st.data())
def test_whatever_a_model_takes_is_taken(properties: dict[str, Any], data: st.DataObject) -> None:
    schema = parsed(properties)
    values = {
        name: value
        for name, declared in properties.items()
        if fits(declared, value := data.draw(VALUES, label=name))
    }

    sent = schema.validate(values)

    for name, value in values.items():
        field = schema.field(name)
        assert field is not None
        assert sent[name] == value if name in sent else field.is_left_out(value)


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("start_image", "", "image"),
        ("drivingVideo", "", "video"),
        ("audio_file", "", "audio"),
        ("mask", "", "image"),
        ("lora_weights", "weights for images", "any"),
        ("input", "Input image for img2img or inpainting mode", "image"),
        ("input", "The clip to upscale", "video"),
        ("source", "Anything", "any"),
        ("frames_zip", "", "any"),
    ],
)
def test_what_a_file_is_follows_from_its_name_or_else_from_what_is_said_of_it(
    name: str, description: str, kind: str
) -> None:
    assert kind_in_words(name, description) == kind


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://example.com/a/b.MP4?token=1", "video"),
        ("https://example.com/a.webp", "image"),
        ("data:audio/wav;base64,AAAA", "audio"),
        ("https://example.com/a", "any"),
        ("http://[", "any"),
    ],
)
def test_what_a_url_leads_to_follows_from_its_ending(url: str, kind: str) -> None:
    assert kind_of_url(url) == kind
