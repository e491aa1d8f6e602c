"""The FLUX models of Black Forest Labs."""

from core.emulator.models.images.fields import (
    MEGAPIXEL,
    Input,
    Pictures,
    aspect_ratio,
    custom_side,
    custom_size,
    disable_safety_checker,
    output_format,
    output_quality,
    prompt,
    seed,
    wanted_ratio,
)
from core.emulator.models.painting import Plan, image_model
from core.emulator.models.schema import (
    FILE,
    FILES,
    boolean,
    card,
    choice,
    file,
    files,
    integer,
    number,
)
from core.emulator.models.sizes import Size, at_most, both_ways, of_area

_SIZES: dict[str, Size] = both_ways(
    {
        "1:1": (1024, 1024),
        "5:4": (1088, 896),
        "4:3": (1152, 896),
        "3:2": (1216, 832),
        "16:9": (1344, 768),
        "21:9": (1536, 640),
    }
)

_SCHNELL = card(
    "black-forest-labs/flux-schnell",
    "Makes pictures from text in about a second; the quickest of the FLUX models.",
    inputs={
        "prompt": prompt(),
        "aspect_ratio": aspect_ratio(
            "1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21"
        ),
        "num_outputs": integer("How many pictures to make.", default=1, minimum=1, maximum=4),
        "num_inference_steps": integer(
            "Rounds of denoising; fewer are quicker and coarser.", default=4, minimum=1, maximum=4
        ),
        "seed": seed(),
        "output_format": output_format("webp", "jpg", "png"),
        "output_quality": output_quality(),
        "disable_safety_checker": disable_safety_checker(),
        "go_fast": boolean(
            "Compute in lower precision: quicker, but a seed no longer repeats a picture exactly.",
            default=True,
        ),
        "megapixels": choice("About how many megapixels to make.", "1", "0.25", default="1"),
    },
    output=FILES,
    example={
        "prompt": "A red fox asleep under a birch in the first snow, soft morning light",
        "aspect_ratio": "3:2",
    },
    collections=("text-to-image",),
    github_url="https://github.com/black-forest-labs/flux",
    license_url=(
        "https://github.com/black-forest-labs/flux/blob/main/model_licenses/LICENSE-FLUX1-schnell"
    ),
)


def _schnell(model_input: Input, pictures: Pictures) -> Plan:
    width, height = _SIZES[model_input["aspect_ratio"]]
    half = 2 if model_input["megapixels"] == "0.25" else 1
    steps = model_input["num_inference_steps"]
    return Plan(
        size=(width // half, height // half),
        seconds=0.15 * steps,
        steps=steps,
        count=model_input["num_outputs"],
        image_format=model_input["output_format"],
        quality=model_input["output_quality"],
    )


_PRO = card(
    "black-forest-labs/flux-1.1-pro",
    "Polished, varied pictures that follow their prompt closely.",
    inputs={
        "prompt": prompt(),
        "image_prompt": file("A picture whose composition guides the new one."),
        "aspect_ratio": aspect_ratio(
            "custom", "1:1", "16:9", "3:2", "2:3", "4:5", "5:4", "9:16", "3:4", "4:3"
        ),
        "width": custom_side("Width", minimum=256, maximum=1440),
        "height": custom_side("Height", minimum=256, maximum=1440),
        "prompt_upsampling": boolean("Let the model embellish the prompt first.", default=False),
        "safety_tolerance": integer(
            "How much to let through, from 1 (little) to 6.", default=2, minimum=1, maximum=6
        ),
        "seed": seed(),
        "output_format": output_format("webp", "jpg", "png"),
        "output_quality": output_quality(),
    },
    order={"aspect_ratio": 2, "output_format": 8},
    output=FILE,
    example={
        "prompt": "A lighthouse keeper's desk: brass instruments, charts, a cold cup of tea",
        "aspect_ratio": "4:3",
    },
    collections=("text-to-image",),
)


def _pro(model_input: Input, pictures: Pictures) -> Plan:
    ratio = model_input["aspect_ratio"]
    return Plan(
        size=custom_size(model_input, multiple=32) if ratio == "custom" else _SIZES[ratio],
        seconds=4,
        image_format=model_input["output_format"],
        quality=model_input["output_quality"],
    )


_FLEX = card(
    "black-forest-labs/flux-2-flex",
    "Makes and edits pictures with a say in steps and guidance; good at small print.",
    inputs={
        "prompt": prompt(),
        "input_images": files("Up to ten pictures to start from.", default=[]),
        "aspect_ratio": aspect_ratio(
            *("match_input_image", "custom"),
            *("1:1", "16:9", "3:2", "2:3", "4:5", "5:4", "9:16", "3:4", "4:3"),
        ),
        "resolution": choice(
            "The picture's area; no side gets longer than 2048 pixels.",
            *("match_input_image", "0.5 MP", "1 MP", "2 MP", "4 MP"),
            default="1 MP",
        ),
        "width": custom_side("Width", minimum=256, maximum=2048, nullable=True),
        "height": custom_side("Height", minimum=256, maximum=2048, nullable=True),
        "safety_tolerance": integer(
            "How much to let through, from 1 (little) to 5.", default=2, minimum=1, maximum=5
        ),
        "seed": seed(),
        "prompt_upsampling": boolean("Let the model embellish the prompt first.", default=True),
        "steps": integer(
            "Rounds of refinement; more take longer.", default=30, minimum=1, maximum=50
        ),
        "guidance": number(
            "How strictly to follow the prompt.", default=4.5, minimum=1.5, maximum=10
        ),
        "output_format": output_format("webp", "jpg", "png"),
        "output_quality": output_quality(),
    },
    output=FILE,
    example={
        "prompt": "A poster for a night market, hand-painted letters reading OPEN LATE",
        "aspect_ratio": "2:3",
        "steps": 30,
    },
    collections=("text-to-image", "image-editing"),
)


def _flex(model_input: Input, pictures: Pictures) -> Plan:
    steps = model_input["steps"]
    return Plan(
        size=_flex_size(model_input, pictures),
        seconds=1 + 0.15 * steps,
        steps=steps,
        image_format=model_input["output_format"],
        quality=model_input["output_quality"],
    )


def _flex_size(model_input: Input, pictures: Pictures) -> Size:
    if model_input["aspect_ratio"] == "custom":
        return custom_size(model_input, multiple=16)
    resolution = model_input["resolution"]
    if resolution != "match_input_image":
        megapixels = float(resolution.removesuffix(" MP"))
    elif pictures:
        area = pictures[0].width * pictures[0].height / MEGAPIXEL
        megapixels = min(max(area, 0.5), 4)
    else:
        megapixels = 1
    ratio = wanted_ratio(model_input, pictures)
    return at_most(of_area(ratio, megapixels * MEGAPIXEL), side=2048)


FLUX_SCHNELL = image_model(_SCHNELL, _schnell)
FLUX_PRO = image_model(_PRO, _pro, references=("image_prompt",))
FLUX_FLEX = image_model(_FLEX, _flex, references=("input_images",), max_references=10)
