"""ByteDance's Seedream 4.5."""

from core.emulator.models.images.fields import (
    Input,
    Pictures,
    aspect_ratio,
    disable_safety_checker,
    wanted_ratio,
)
from core.emulator.models.painting import Plan, image_model
from core.emulator.models.schema import FILES, card, choice, files, integer, text
from core.emulator.models.sizes import of_area

_CARD = card(
    "bytedance/seedream-4.5",
    "Large, detailed pictures at 2K and 4K, alone or as a series that belongs together.",
    inputs={
        "prompt": text(
            "What the picture shows, in up to 4000 characters.", required=True, maxLength=4000
        ),
        "image_input": files("Up to 14 pictures to edit or to borrow from.", default=[]),
        "size": choice("How large the picture gets.", "2K", "4K", "custom", default="2K"),
        "aspect_ratio": aspect_ratio(
            *("match_input_image", "1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9"),
            default="match_input_image",
        ),
        "width": integer(
            "Width in pixels, for a custom size.", default=2048, minimum=1024, maximum=4096
        ),
        "height": integer(
            "Height in pixels, for a custom size.", default=2048, minimum=1024, maximum=4096
        ),
        "sequential_image_generation": choice(
            "Whether to make a series.", "disabled", "auto", default="disabled"
        ),
        "max_images": integer(
            "The most pictures of a series; those given count too, 15 in all.",
            default=1,
            minimum=1,
            maximum=15,
        ),
        "disable_safety_checker": disable_safety_checker(),
    },
    output=FILES,
    example={
        "prompt": "A tea house on stilts over a lotus pond, three panels: dawn, noon, dusk",
        "size": "2K",
        "aspect_ratio": "16:9",
    },
    collections=("text-to-image", "image-editing"),
)


def _plan(model_input: Input, pictures: Pictures) -> Plan:
    if model_input["size"] == "custom":
        size = model_input["width"], model_input["height"]
    else:
        side = 1024 * int(model_input["size"].removesuffix("K"))
        size = of_area(wanted_ratio(model_input, pictures), side**2)
    is_series = model_input["sequential_image_generation"] == "auto"
    most = max(1, 15 - len(pictures))
    return Plan(
        size=size,
        seconds=6,
        count=min(model_input["max_images"], most) if is_series else 1,
        image_format="jpg",
    )


SEEDREAM = image_model(_CARD, _plan, references=("image_input",), max_references=14)
