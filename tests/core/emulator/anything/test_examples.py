"""Each model has an example that it takes itself."""

from pathlib import Path

from core.emulator.runner import Draft
from core.emulator.validation import validated
from tests.core.emulator.anything.material import PROMPT, URI, model


def test_an_example_has_what_is_required_and_fits_its_own_schema(tmp_path: Path) -> None:
    inputs = {
        "prompt": PROMPT,
        "image": URI,
        "clips": {"type": "array", "items": {**URI, "description": "a video"}, "minItems": 1},
        "style": {"allOf": [{"$ref": "#/components/schemas/style"}], "default": "none of them"},
        "strength": {"type": "number", "minimum": 0.6, "maximum": 0.9},
        "steps": {"type": "integer", "exclusiveMinimum": 4},
        "name": {"type": "string", "minLength": 80, "maxLength": 90},
        "key": {"type": "string", "format": "password"},
        "box": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
        "lost": {"$ref": "#/components/schemas/Lost"},
        "unimportant": {"type": "integer", "default": 3},
    }
    needed = tuple(name for name in inputs if name != "unimportant")
    style = {"style": {"enum": ["ink", "oil"], "type": "string"}}
    runner = model(URI, inputs, schemas=style, required=needed, folder=tmp_path)

    example = runner.card.example_input

    assert set(example) == set(needed)
    assert validated(runner.card, example) == {**example, "unimportant": 3}
    assert example["style"] == "ink"
    assert example["image"].startswith("data:image/png;base64,")
    assert example["clips"][0].startswith("data:video/mp4;base64,")
    assert runner.example is not None
    assert isinstance(runner.example(), Draft)


def test_an_example_that_cannot_be_made_is_none(tmp_path: Path) -> None:
    digits = {"code": {"type": "string", "pattern": "^[0-9]+$"}}

    runner = model(URI, digits, required=("code",), folder=tmp_path)

    assert runner.example is not None
    assert runner.example() is None
