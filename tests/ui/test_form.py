import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core import InvalidInput
from core.models.schema import Field
from ui.bench.boxes import Box, boxes_of, component
from ui.bench.form import Form
from ui.bench.marks import marks_of

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
LABELS = Field(name="labels", title="Labels", type="array", item=Field(name="item", title="Item"))
SIZES = Field(name="sizes", title="Sizes", type="array")
ANYTHING = Field(name="extra", title="Extra", type="any")
MAYBE = Field(name="maybe", title="Maybe", type="boolean")
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
        (ANYTHING, gr.Textbox),
        (MAYBE, gr.Radio),
        (replace(STEPS, default=99), gr.Textbox),  # outside of its own range
        (replace(STEPS, also=("string",)), gr.Textbox),
        (replace(STEPS, maximum=10_000), gr.Textbox),
        (replace(RATIO, default="old"), gr.Dropdown),
        (replace(FORMAT, choices=([1], [2]), default=None), gr.Textbox),
    ],
)
def test_a_field_becomes_the_component_that_fits_it(field: Field, kind: type) -> None:
    box = Box(field)
    made = component(box, box.initial, classes="field-0")

    assert type(made) is kind
    assert made.label == field.title
    assert made.interactive is True
    assert "field-0" in made.elem_classes[0]


def test_a_choice_that_is_none_of_the_models_own_is_one_in_the_form() -> None:
    odd = replace(RATIO, default="old")

    assert component(Box(odd), "old", classes="").choices[0] == ("old", "old")


def test_of_a_choice_that_the_model_may_make_none_is_made_at_first() -> None:
    free = replace(RATIO, default=None)

    assert Box(free).initial == ""
    assert component(Box(free), "", classes="").choices[0] == ("not set", "")
    assert Form("a", main=(free, MAYBE)).read({"aspect_ratio": "", "maybe": ""}) == {}
    assert Form("a", main=(MAYBE,)).read({"maybe": False}) == {"maybe": False}


def test_what_the_model_needs_is_marked() -> None:
    needed = replace(SEED, required=True)

    assert "needed" in component(Box(needed), "", classes="x").elem_classes[0]
    assert "needed" not in component(Box(SEED), "", classes="x").elem_classes[0]


def test_a_secret_is_not_shown_while_it_is_typed() -> None:
    assert component(Box(KEY), "", classes="").type == "password"


def test_a_file_has_a_box_for_itself_and_one_for_its_address() -> None:
    address = "https://example.com/a.png"
    upload, by_address = boxes_of(IMAGE)

    form = Form("a", main=(IMAGE,)).filled({"start_image": address})

    assert type(component(upload, None, classes="")) is gr.File
    assert type(component(by_address, address, classes="")) is gr.Textbox
    assert form.values == {by_address.key: address}
    assert form.read(form.shown) == {"start_image": address}


def test_files_and_addresses_go_together() -> None:
    form = Form("a", main=(IMAGES,))
    upload, by_address = (box.key for box in boxes_of(IMAGES))

    shown = {upload: ["/tmp/b.png"], by_address: "https://a/1.png\n\n https://a/2.png "}

    assert form.read(shown) == {
        "input_images": [Path("/tmp/b.png"), "https://a/1.png", "https://a/2.png"]
    }


@pytest.mark.parametrize("typed", ["/etc/hostname", "file:///etc/hostname", ".env", "a.png"])
def test_what_is_typed_for_an_address_is_never_read_from_this_machine(typed: str) -> None:
    for field in (IMAGE, IMAGES):
        form, (_, by_address) = Form("a", main=(field,)), boxes_of(field)
        with pytest.raises(InvalidInput, match="takes an address") as refused:
            form.read({by_address.key: f"https://example.com/b.png\n{typed}"})
        assert refused.value.field == field.name


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

    assert component(Box(field), minimum, classes="").step == pytest.approx(step)


def _shown(*fields: Field, **changed: Any) -> dict[str, Any]:
    return Form("a", main=fields).shown | changed


def test_what_was_left_empty_or_at_its_default_is_not_sent() -> None:
    fields = (SEED, IMAGE, IMAGES, STEPS, RATIO, SAFE, LABELS)

    assert Form("a", main=fields).read(_shown(*fields)) == {}


def test_values_come_back_as_the_types_that_the_model_takes() -> None:
    form = Form("a", main=(SEED, STEPS), advanced=(SAFE, IMAGE, IMAGES, LABELS, SIZES, ANYTHING))
    shown = {
        "seed": "7",
        "steps": 5,
        "safe": False,
        "start_image": "/tmp/a.png",
        "input_images": ["/tmp/b.png", "/tmp/c.png"],
        "labels": "x\n\ny, z",
        "sizes": "[1, 2]",
        "extra": "just words",
    }

    assert form.read(shown) == {
        "seed": 7,
        "steps": 5,
        "safe": False,
        "start_image": Path("/tmp/a.png"),
        "input_images": [Path("/tmp/b.png"), Path("/tmp/c.png")],
        "labels": ["x", "y, z"],
        "sizes": [1, 2],
        "extra": "just words",
    }


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"seed": 5},
        {"labels": ["x", "y"], "safe": False, "steps": 8, "maybe": False},
        {"labels": ["two\nlines"], "sizes": [{"a": 1}], "extra": {"b": None}},
        {"extra": "words"},
        {"extra": "[1]"},
        {"start_image": Path("/tmp/a.png"), "input_images": [Path("/tmp/b.png"), "https://a/c"]},
    ],
)
def test_the_settings_of_a_run_come_back_exactly(given: dict[str, Any]) -> None:
    fields = (SEED, STEPS, RATIO, SAFE, LABELS, SIZES, ANYTHING, MAYBE, IMAGE, IMAGES)

    form = Form("a", main=fields).filled(given)

    assert form.read(form.shown) == given


@pytest.mark.parametrize(
    ("shown", "sentence", "field"),
    [
        ({"sizes": "1, 2"}, "Sizes takes JSON", "sizes"),
        ({"start_image@address": "a.png"}, "Start image takes an address", "start_image"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence_that_names_the_field(
    shown: dict[str, Any], sentence: str, field: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence) as refused:
        Form("a", main=(SIZES, IMAGE)).read(shown)

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


PROMPT = Field(name="prompt", title="Prompt", required=True)


def test_an_input_is_written_as_json_and_read_again() -> None:
    form = Form("a", main=(SEED, STEPS), advanced=(IMAGE, IMAGES, KEY, LABELS), prompt=PROMPT)
    shown = form.shown | {
        "seed": "7",
        "start_image": "/tmp/up/a.png",
        "input_images": ["/tmp/up/b.png"],
        "input_images@address": "https://a/c.png",
        "api_key": "hush",
        "labels": "x",
    }

    text = form.to_json(shown, "a fox")

    assert json.loads(text) == {
        "prompt": "a fox",
        "seed": 7,
        "start_image": "upload:a.png",
        "input_images": ["upload:b.png", "https://a/c.png"],
        "api_key": "[hidden]",
        "labels": ["x"],
    }
    assert form.from_json(text, shown) == ("a fox", shown)
    changed = json.loads(text) | {"seed": 8, "input_images": ["https://a/c.png"]}
    _, after = form.from_json(json.dumps(changed), shown)
    assert after == shown | {"seed": "8", "input_images": None}


def test_an_upload_can_be_named_but_not_invented() -> None:
    form = Form("a", main=(IMAGE,))

    _, shown = form.from_json('{"start_image": "upload:passwd"}', {"start_image": "/tmp/a.png"})

    with pytest.raises(InvalidInput, match="takes an address"):
        form.read(shown)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "This isn't JSON"),
        ("[]", "An input is a JSON object"),
        ('{"sed": 1}', "did you mean “seed”"),
        ('{"prompt": 5}', "The prompt is a text"),
    ],
)
def test_json_that_is_no_input_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        Form("a", main=(SEED,), prompt=PROMPT).from_json(text, {})


def test_a_field_goes_back_to_its_default_alone() -> None:
    form = Form("a", main=(SEED, STEPS, IMAGE))
    shown = form.shown | {"seed": "7", "steps": 8, "start_image@address": "https://a/b.png"}

    assert form.without(shown, "start_image").values == {"seed": "7", "steps": 8}


def test_what_differs_and_what_is_wrong_is_marked_at_its_box() -> None:
    listed = replace(LABELS, default=["x"])
    form = Form("a", main=(IMAGE, SEED), advanced=(STEPS, listed), prompt=PROMPT)
    shown = form.shown | {"seed": "7", "start_image@address": "https://a/b.png", "labels": "y"}

    marks = marks_of(form, shown, {"steps": "No.", "prompt": "Empty.", "gone": "Never."})

    assert marks["changed"] == [1, 2, 4]
    assert marks["problems"] == {"3": "No.", "prompt": "Empty."}
    assert marks["html"].count('data-act="reset"') == 3
    assert 'data-act="reset_all"' in marks["html"]
    assert "hidden" in marks_of(form, form.shown)["html"]
