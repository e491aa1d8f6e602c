"""Ideogram 3 Turbo."""

from core.emulator.models.images.fields import (
    MEGAPIXEL,
    Input,
    Pictures,
    aspect_ratio,
    prompt,
    seed,
)
from core.emulator.models.painting import Plan, image_model
from core.emulator.models.schema import FILE, card, choice, file, files
from core.emulator.models.sizes import Size, at_most, both_ways, size_of
from core.emulator.runner import ModelError

_SIZES: dict[str, Size] = both_ways(
    {
        "1:1": (1024, 1024),
        "5:4": (1120, 896),
        "4:3": (1152, 864),
        "3:2": (1248, 832),
        "16:10": (1280, 800),
        "16:9": (1312, 736),
        "2:1": (1408, 704),
        "3:1": (1536, 512),
    }
)

_RESOLUTIONS = """
    512x1536 576x1408 576x1472 576x1536 640x1344 640x1408 640x1472 640x1536 704x1152 704x1216
    704x1280 704x1344 704x1408 704x1472 736x1312 768x1088 768x1216 768x1280 768x1344 800x1280
    832x960 832x1024 832x1088 832x1152 832x1216 832x1248 864x1152 896x960 896x1024 896x1088
    896x1120 896x1152 960x832 960x896 960x1024 960x1088 1024x832 1024x896 1024x960 1024x1024
    1088x768 1088x832 1088x896 1088x960 1120x896 1152x704 1152x832 1152x864 1152x896 1216x704
    1216x768 1216x832 1248x832 1280x704 1280x768 1280x800 1312x736 1344x640 1344x704 1344x768
    1408x576 1408x640 1408x704 1472x576 1472x640 1472x704 1536x512 1536x576 1536x640
"""

_PRESETS = """
    80s Illustration, 90s Nostalgia, Abstract Organic, Analog Nostalgia, Art Brut, Art Deco,
    Art Poster, Aura, Avant Garde, Bauhaus, Blueprint, Blurry Motion, Bright Art, C4D Cartoon,
    Children's Book, Collage, Coloring Book I, Coloring Book II, Cubism, Dark Aura, Doodle,
    Double Exposure, Dramatic Cinema, Editorial, Emotional Minimal, Ethereal Party, Expired Film,
    Flat Art, Flat Vector, Forest Reverie, Geo Minimalist, Glass Prism, Golden Hour, Graffiti I,
    Graffiti II, Halftone Print, High Contrast, Hippie Era, Iconic, Japandi Fusion, Jazzy,
    Long Exposure, Magazine Editorial, Minimal Illustration, Mixed Media, Monochrome, Nightlife,
    Oil Painting, Old Cartoons, Paint Gesture, Pop Art, Retro Etching, Riviera Pop, Spotlight 80s,
    Stylized Red, Surreal Collage, Travel Poster, Vintage Geo, Vintage Poster, Watercolor, Weird,
    Woodblock Print
"""

_CARD = card(
    "ideogram-ai/ideogram-v3-turbo",
    "Posters, logos and anything else with words in it, quickly.",
    inputs={
        "prompt": prompt(),
        "aspect_ratio": aspect_ratio(
            *("1:3", "3:1", "1:2", "2:1", "9:16", "16:9", "10:16", "16:10", "2:3", "3:2"),
            *("3:4", "4:3", "4:5", "5:4", "1:1"),
        ),
        "resolution": choice(
            "The exact size; it goes before the aspect ratio.",
            *("None", *_RESOLUTIONS.split()),
            default="None",
        ),
        "magic_prompt_option": choice(
            "Whether to enrich the prompt first.", "Auto", "On", "Off", default="Auto"
        ),
        "image": file("A picture to change in parts; a mask says where.", nullable=True),
        "mask": file("Black where the picture may change, white where not.", nullable=True),
        "style_type": choice(
            "The general manner.",
            *("None", "Auto", "General", "Realistic", "Design"),
            default="None",
        ),
        "style_reference_images": files(
            "Pictures whose manner to take up.",
            items={"type": "string", "anyOf": [], "format": "uri"},
            nullable=True,
        ),
        "seed": seed(maximum=2147483647, nullable=True),
        "style_preset": choice(
            "A ready-made style.",
            *("None", *(preset.strip() for preset in _PRESETS.split(","))),
            default="None",
        ),
    },
    output=FILE,
    example={
        "prompt": "A letterpress label for plum jam, the words SLOW SUMMER in dark green",
        "aspect_ratio": "3:4",
        "style_type": "Design",
    },
    collections=("text-to-image",),
)


def _plan(model_input: Input, pictures: Pictures) -> Plan:
    if bool(model_input.get("image")) != bool(model_input.get("mask")):
        raise ModelError("To change a picture in parts, give both an image and a mask.")
    if model_input.get("image"):
        size = at_most(pictures[0].size, pixels=2 * MEGAPIXEL)
    elif model_input["resolution"] != "None":
        size = size_of(model_input["resolution"])
    else:
        size = _SIZES[model_input["aspect_ratio"]]
    return Plan(size=size, seconds=5)


IDEOGRAM = image_model(
    _CARD, _plan, references=("image", "style_reference_images"), max_references=10
)
