"""An input is checked as Replicate checks it."""

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
