"""Google's Nano Banana 2."""

from core.emulator.models.images.fields import (
    MEGAPIXEL,
    Input,
    Pictures,
    aspect_ratio,
    output_format,
    wanted_ratio,
)
from core.emulator.models.painting import Plan, image_model
from core.emulator.models.schema import FILE, boolean, card, choice, files, text
from core.emulator.models.sizes import of_area

_CARD = card(
    "google/nano-banana-2",
    "Makes, edits and combines pictures as you describe it, up to 4K.",
    inputs={
        "prompt": text("The picture, or what to change in those given.", required=True),
        "image_input": files("Up to 14 pictures to edit or to borrow from.", default=[]),
        "aspect_ratio": aspect_ratio(
            *("match_input_image", "1:1", "1:4", "1:8", "2:3", "3:2", "3:4", "4:1", "4:3"),
            *("4:5", "5:4", "8:1", "9:16", "16:9", "21:9"),
            default="match_input_image",
        ),
        "resolution": choice(
            "How large the picture gets; larger takes longer.", "1K", "2K", "4K", default="1K"
        ),
        "google_search": boolean("Look up facts on the web first.", default=False),
        "image_search": boolean("Look up pictures on the web first.", default=False),
        "output_format": output_format("jpg", "png", default="jpg"),
    },
    output=FILE,
    example={
        "prompt": "A cutaway drawing of a beehive, labelled in neat handwriting",
        "aspect_ratio": "4:3",
        "resolution": "1K",
    },
    collections=("text-to-image", "image-editing"),
)


def _plan(model_input: Input, pictures: Pictures) -> Plan:
    thousands = int(model_input["resolution"].removesuffix("K"))
    area = thousands**2 * MEGAPIXEL
    return Plan(
        size=of_area(wanted_ratio(model_input, pictures), area),
        seconds=4 + thousands,
        image_format=model_input["output_format"],
    )


NANO_BANANA = image_model(_CARD, _plan, references=("image_input",), max_references=14)
