"""An input is checked as Replicate checks it."""

from dataclasses import replace
from typing import Any

import pytest

from core.emulator.models import RUNNERS
from core.emulator.problems import Problem
from core.emulator.runner import ModelCard
from core.emulator.validation import validated

CARDS = {runner.card.id: runner.card for runner in RUNNERS}
FLUX = CARDS["black-forest-labs/flux-schnell"]


@pytest.mark.parametrize("card", CARDS.values(), ids=list(CARDS))
def test_each_models_own_example_is_valid(card: ModelCard) -> None:
    full = validated(card, card.example_input)

    assert card.example_input.items() <= full.items()


def test_a_union_of_nothing_takes_anything() -> None:
    images = ["https://example.com/style.png"]

    full = validated(
        CARDS["ideogram-ai/ideogram-v3-turbo"], {"prompt": "x", "style_reference_images": images}
    )

    assert full["style_reference_images"] == images


def test_defaults_are_filled_in() -> None:
    full = validated(FLUX, {"prompt": "a fox"})

    assert (full["num_outputs"], full["aspect_ratio"]) == (1, "1:1")
    assert "seed" not in full


@pytest.mark.parametrize(
    ("given", "kind", "field", "description"),
    [
        ({}, "required", "input", "prompt is required"),
        ({"prompt": 5}, "invalid_type", "input.prompt", "Expected: string, given: integer"),
        ({"prompt": "x", "num_outputs": 9}, "number_lte", "input.num_outputs", "equal to 4"),
        ({"prompt": "x", "num_outputs": 0}, "number_gte", "input.num_outputs", "equal to 1"),
        ({"prompt": "x", "aspect_ratio": "8:1"}, "enum", "input.aspect_ratio", "must be one of"),
    ],
)
def test_each_mistake_is_named_with_its_field(
    given: dict[str, object], kind: str, field: str, description: str
) -> None:
    with pytest.raises(Problem) as caught:
        validated(FLUX, given)

    [invalid] = caught.value.extra["invalid_fields"]
    assert (invalid["type"], invalid["field"]) == (kind, field)
    assert description in invalid["description"]
    assert f"- {field}: " in caught.value.detail


def card_with(declared: Any, **schemas: Any) -> ModelCard:
    """Return a model with one input, in a document as it was given."""
    known = {"Input": {"properties": {"field": declared}}, **schemas}
    document = {"openapi": "3.0.2", "components": {"schemas": known}}
    return replace(FLUX, input=known["Input"], document=document)


@pytest.mark.parametrize(
    "declared",
    [
        {"allOf": [{"$ref": "#/components/schemas/Lost"}], "default": "x"},
        {"$ref": "#/components/schemas/Circle"},
        {"$ref": "https://far/away.json"},
        {"$ref": 5},
        {"type": "NamedEmbedding"},
        {"type": "string", "pattern": "(("},
        {"enum": "none"},
        {"minimum": "small"},
        {"items": {"$ref": "#/nowhere"}},
        {"$ref": "#/components/schemas/Odd"},
        {"anyOf": [{"$ref": "#/components/schemas/Odd"}]},
    ],
)
def test_what_cannot_be_read_of_a_schema_is_not_checked(declared: dict[str, Any]) -> None:
    odd = {"type": "NamedEmbedding", "pattern": "((", "properties": []}
    card = card_with(declared, Circle={"$ref": "#/components/schemas/Circle"}, Odd=odd)

    for value in ("a text", 5, ["a list"]):
        assert validated(card, {"field": value})["field"] == value


def test_what_can_be_read_beside_that_is_checked() -> None:
    card = card_with({"$ref": "#/components/schemas/Lost"})
    fields = {**card.input["properties"], "size": {"$ref": "#/components/schemas/Size"}}
    document = {"components": {"schemas": {"Size": {"type": "integer", "maximum": 4}}}}
    card = replace(card, input={"properties": fields}, document=document)

    with pytest.raises(Problem) as caught:
        validated(card, {"field": "x", "size": 5})

    [invalid] = caught.value.extra["invalid_fields"]
    assert (invalid["type"], invalid["field"]) == ("number_lte", "input.size")


def test_a_mistake_inside_a_field_is_named_with_its_place() -> None:
    boxes = {"type": "array", "items": {"type": "object", "required": ["x"]}}

    with pytest.raises(Problem) as caught:
        validated(card_with(boxes), {"field": [{"x": 1}, {}]})

    [invalid] = caught.value.extra["invalid_fields"]
    assert (invalid["field"], invalid["description"]) == ("input.field.1", "x is required")
