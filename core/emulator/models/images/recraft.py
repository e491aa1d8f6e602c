"""Recraft 4."""

from core.emulator.models.images.fields import Input, Pictures, aspect_ratio
from core.emulator.models.painting import Plan, image_model
from core.emulator.models.schema import FILE, card, choice, text
from core.emulator.models.sizes import Size, size_of

_SIZES: dict[str, Size] = {
    "1:1": (1024, 1024),
    "2:1": (1536, 768),
    "1:2": (768, 1536),
    "3:2": (1280, 832),
    "2:3": (832, 1280),
    "4:3": (1216, 896),
    "3:4": (896, 1216),
    "5:4": (1152, 896),
    "4:5": (896, 1152),
    "6:10": (832, 1344),
    "14:10": (1280, 896),
    "10:14": (896, 1280),
    "16:9": (1344, 768),
    "9:16": (768, 1344),
}

_CARD = card(
    "recraft-ai/recraft-v4",
    "Design work: clean composition, a sure hand for layout and lettering.",
    inputs={
        "prompt": text("What the picture shows, in up to 10,000 characters.", required=True),
        "aspect_ratio": aspect_ratio("Not set", *_SIZES, default="Not set"),
        "size": choice(
            "Width by height in pixels, where no aspect ratio is chosen.",
            *(f"{width}x{height}" for width, height in _SIZES.values()),
            default="1024x1024",
        ),
    },
    output=FILE,
    example={
        "prompt": "A quiet isometric illustration of a ferry terminal, four flat colours",
        "aspect_ratio": "16:9",
    },
    collections=("text-to-image",),
)


def _plan(model_input: Input, pictures: Pictures) -> Plan:
    ratio = model_input["aspect_ratio"]
    size = size_of(model_input["size"]) if ratio == "Not set" else _SIZES[ratio]
    return Plan(size=size, seconds=6, image_format="webp")


RECRAFT = image_model(_CARD, _plan)
