from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core import InvalidInput
from core.models.schema import Field
from ui.form import Form, component, initial_value, media_kind, shown_value

SEED = Field(name="seed", title="Seed", type="integer")
STEPS = Field(name="steps", title="Steps", type="integer", default=4, minimum=1, maximum=8)
RATIO = Field(
    name="aspect_ratio",
    title="Aspect ratio",
    default="1:1",
    choices=("1:1", "16:9", "9:16", "4:3", "3:4"),
)
FORMAT = Field(name="format", title="Format", default="webp", choices=("webp", "png"))
IMAGE = Field(name="start_image", title="Start image", type="file")
IMAGES = Field(name="input_images", title="Input images", type="files")
SAFE = Field(name="safe", title="Safe", type="boolean", default=True)
LABELS = Field(name="labels", title="Labels", type="array", items="string")
KEY = Field(name="api_key", title="API key", secret=True)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (RATIO, gr.Dropdown),
        (FORMAT, gr.Radio),
        (STEPS, gr.Slider),
        (SEED, gr.Textbox),
        (IMAGE, gr.File),
        (IMAGES, gr.File),
        (SAFE, gr.Checkbox),
        (LABELS, gr.Textbox),
    ],
)
def test_a_field_becomes_the_component_that_fits_it(field: Field, kind: type) -> None:
    made = component(field, initial_value(field), key=field.name)

    assert type(made) is kind
    assert made.label == field.title
    assert made.interactive is True


def test_a_secret_is_not_shown_while_it_is_typed() -> None:
    assert component(KEY, "", key="key").type == "password"


def test_a_picture_that_was_given_by_its_address_stays_one() -> None:
    address = "https://example.com/a.png"

    made = component(IMAGE, shown_value(IMAGE, address), key="image")

    assert type(made) is gr.Textbox
    form = Form("a", main=(IMAGE,)).holding({"start_image": address})
    assert form.read({"start_image": address}) == {"start_image": address}


@pytest.mark.parametrize("typed", ["/etc/hostname", "file:///etc/hostname", ".env", "a.png"])
def test_what_is_typed_for_an_address_is_never_read_from_this_machine(typed: str) -> None:
    one = Form("a", main=(IMAGE,)).holding({"start_image": "https://example.com/a.png"})
    several = Form("a", main=(IMAGES,)).holding({"input_images": '["https://example.com/a.png"]'})

    for form, shown in (
        (one, {"start_image": typed}),
        (several, {"input_images": f'["https://example.com/b.png", "{typed}"]'}),
    ):
        with pytest.raises(InvalidInput, match="takes an address"):
            form.read(shown)


def test_a_text_that_was_emptied_is_sent_empty() -> None:
    negative = Field(name="negative_prompt", title="Negative prompt", default="ugly")

    assert Form("a", main=(negative,)).read({"negative_prompt": ""}) == {"negative_prompt": ""}


@pytest.mark.parametrize(
    ("minimum", "maximum", "step"),
    [(0, 1, 0.01), (0, 20, 0.01), (0, 0.02, 0.0001), (0, 0.5, 0.001)],
)
def test_a_slider_goes_in_fine_steps(minimum: float, maximum: float, step: float) -> None:
    field = Field(
        name="x", title="X", type="number", default=minimum, minimum=minimum, maximum=maximum
    )

    assert component(field, minimum, key="x").step == pytest.approx(step)


def _shown(*fields: Field, **changed: Any) -> dict[str, Any]:
    return {field.name: initial_value(field) for field in fields} | changed


def test_what_was_left_empty_or_at_its_default_is_not_sent() -> None:
    fields = (SEED, IMAGE, IMAGES, STEPS, RATIO, SAFE, LABELS)

    assert Form("a", main=fields).read(_shown(*fields)) == {}


def test_values_come_back_as_the_types_that_the_model_takes() -> None:
    form = Form("a", main=(SEED, STEPS), advanced=(SAFE, IMAGE, IMAGES, LABELS))
    shown = {
        "seed": "7",
        "steps": 5,
        "safe": False,
        "start_image": "/tmp/a.png",
        "input_images": ["/tmp/b.png", "/tmp/c.png"],
        "labels": '["x", "y"]',
    }

    assert form.read(shown) == {
        "seed": 7,
        "steps": 5,
        "safe": False,
        "start_image": Path("/tmp/a.png"),
        "input_images": [Path("/tmp/b.png"), Path("/tmp/c.png")],
        "labels": ["x", "y"],
    }


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"seed": 5},
        {"steps": 4, "aspect_ratio": "1:1", "safe": True},
        {"labels": ["x"], "safe": False, "steps": 8},
    ],
)
def test_the_settings_of_a_run_come_back_exactly(given: dict[str, Any]) -> None:
    """Also a default that was sent, and nothing that wasn't."""
    fields = (SEED, STEPS, RATIO, SAFE, LABELS)
    by_name = {field.name: field for field in fields}
    values = {name: shown_value(by_name[name], value) for name, value in given.items()}
    form = Form("a", main=fields).holding(values)

    assert form.read(_shown(*fields) | values) == given


@pytest.mark.parametrize(
    ("shown", "sentence", "field"),
    [
        ({"seed": "seven"}, "Seed takes a whole number", "seed"),
        ({"labels": "x, y"}, "Labels takes JSON", "labels"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence_that_names_the_field(
    shown: dict[str, Any], sentence: str, field: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence) as refused:
        Form("a", main=(SEED, LABELS)).read(shown)

    assert refused.value.field == field


def test_another_model_keeps_what_was_changed_and_not_the_defaults() -> None:
    form = Form("a", main=(SEED, STEPS, RATIO))
    other_steps = Field(
        name="steps", title="Steps", type="integer", default=30, minimum=1, maximum=50
    )

    shown = _shown(SEED, STEPS, RATIO, seed="7", aspect_ratio="16:9")
    carried = form.carried_over(Form("b", main=(SEED, other_steps, RATIO)), shown)

    assert carried.model == "b"
    assert carried.values == {"seed": "7", "aspect_ratio": "16:9"}


def test_another_model_drops_a_changed_value_that_it_does_not_take() -> None:
    form = Form("a", main=(STEPS, RATIO, IMAGE))
    square = Field(name="aspect_ratio", title="Aspect ratio", default="1:1", choices=("1:1",))
    few = Field(name="steps", title="Steps", type="integer", default=1, minimum=1, maximum=2)
    many = Field(name="start_image", title="Start images", type="files")

    shown = _shown(STEPS, RATIO, steps=8, aspect_ratio="16:9", start_image="/tmp/a.png")

    assert form.carried_over(Form("b", main=(few, square, many)), shown).values == {}


def test_each_drawing_is_a_change_that_gradio_notices() -> None:
    form = Form("a", main=(SEED,))

    assert hash(form.carried_over(form, {})) != hash(form)
    assert hash(form.holding({})) != hash(form.holding({}))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("start_image",), "start_image"),
        (("first_frame_image",), "start_image"),
        (("input_images", "start_image"), "input_images"),
    ],
)
def test_a_picture_has_a_field_to_go_to(names: tuple[str, ...], found: str) -> None:
    field = Form("a", main=(SEED, IMAGE, IMAGES)).image_field(*names)

    assert field is not None
    assert field.name == found


def test_a_model_without_pictures_has_none() -> None:
    sound = Field(name="audio", title="Audio", type="file")

    assert Form("a", main=(SEED, sound)).image_field("image") is None


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (IMAGE, "image"),
        (Field(name="mask", title="mask", type="file"), "image"),
        (Field(name="video", title="video", type="file"), "video"),
        (Field(name="song", title="song", type="file", description="an audio file"), "audio"),
        (
            Field(name="input", title="input", type="file", description="The image to upscale"),
            "image",
        ),
        (Field(name="weights", title="weights", type="file"), "any"),
    ],
)
def test_what_a_file_field_takes_is_told_by_its_name(field: Field, kind: str) -> None:
    assert media_kind(field) == kind
