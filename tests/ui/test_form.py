from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core import InvalidInput
from core.models.schema import Field
from ui.form import Form, component, initial_value, read_input

SEED = Field(name="seed", title="Seed", type="integer")
STEPS = Field(name="steps", title="Steps", type="integer", default=4, minimum=1, maximum=8)
RATIO = Field(
    name="aspect_ratio", title="Aspect ratio", default="1:1", choices=("1:1", "16:9", "9:16")
)
IMAGE = Field(name="start_image", title="Start image", type="file")
SAFE = Field(name="safe", title="Safe", type="boolean", default=True)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (RATIO, gr.Dropdown),
        (STEPS, gr.Slider),
        (SEED, gr.Textbox),
        (IMAGE, gr.File),
        (SAFE, gr.Checkbox),
    ],
)
def test_a_field_becomes_the_component_that_fits_it(field: Field, kind: type) -> None:
    made = component(field, initial_value(field), key=field.name)

    assert type(made) is kind
    assert made.label == field.title
    assert made.interactive is True


def test_an_empty_number_is_left_out_and_never_becomes_nought() -> None:
    assert read_input([SEED, IMAGE], {"seed": "", "start_image": None}) == {}


def test_values_come_back_as_the_types_that_the_model_takes() -> None:
    values = {"seed": "7", "steps": 4, "safe": False, "start_image": "/tmp/a.png"}

    assert read_input([SEED, STEPS, SAFE, IMAGE], values) == {
        "seed": 7,
        "steps": 4,
        "safe": False,
        "start_image": Path("/tmp/a.png"),
    }


def test_what_is_no_number_is_refused_in_a_sentence_that_names_the_field() -> None:
    with pytest.raises(InvalidInput, match="Seed takes a whole number") as refused:
        read_input([SEED], {"seed": "seven"})

    assert refused.value.field == "seed"


def _shown(*fields: Field, **changed: Any) -> dict[str, Any]:
    return {field.name: initial_value(field) for field in fields} | changed


def test_another_model_keeps_what_was_changed_and_not_the_defaults() -> None:
    form = Form("a", fields=(SEED, STEPS, RATIO))
    other_steps = Field(
        name="steps", title="Steps", type="integer", default=30, minimum=1, maximum=50
    )

    shown = _shown(SEED, STEPS, RATIO, seed="7", aspect_ratio="16:9")
    switched = form.switched_to("b", [SEED, other_steps, RATIO], shown)

    assert switched.values == {"seed": "7", "aspect_ratio": "16:9"}


def test_another_model_drops_a_changed_value_that_it_does_not_take() -> None:
    form = Form("a", fields=(STEPS, RATIO))
    square = Field(name="aspect_ratio", title="Aspect ratio", default="1:1", choices=("1:1",))
    few = Field(name="steps", title="Steps", type="integer", default=1, minimum=1, maximum=2)

    shown = _shown(STEPS, RATIO, steps=8, aspect_ratio="16:9")

    assert form.switched_to("b", [few, square], shown).values == {}


def test_each_switch_is_a_change_that_gradio_notices() -> None:
    form = Form("a", fields=(SEED,))

    again = form.switched_to("a", [SEED], {})

    assert hash(again) != hash(form)
