"""Qwen Image."""

from core.emulator.models.images.fields import (
    Input,
    Pictures,
    aspect_ratio,
    disable_safety_checker,
    output_format,
    output_quality,
    prompt,
    seed,
)
from core.emulator.models.painting import Plan, image_model
from core.emulator.models.schema import (
    FILES,
    boolean,
    card,
    choice,
    file,
    integer,
    number,
    several,
    text,
)
from core.emulator.models.sizes import Size, both_ways, of_long_side, ratio_of

_SIZES: dict[str, Size] = both_ways(
    {"1:1": (1328, 1328), "4:3": (1472, 1104), "3:2": (1584, 1056), "16:9": (1664, 928)}
)

_CARD = card(
    "qwen/qwen-image",
    "Long texts inside a picture, in Chinese as well as in English.",
    inputs={
        "prompt": prompt(),
        "enhance_prompt": boolean("Let the model embellish the prompt first.", default=False),
        "lora_weights": text("The URL of LoRA weights to load.", nullable=True),
        "replicate_weights": text("LoRA weights from a training on Replicate.", nullable=True),
        "lora_scale": number("How strongly the LoRA works.", default=1),
        "extra_lora_weights": several("string", "URLs of further LoRA weights.", nullable=True),
        "extra_lora_scale": several(
            "number", "How strongly each further LoRA works.", nullable=True
        ),
        "image": file("A picture to start from."),
        "strength": number(
            "How far to depart from the picture given.", default=0.9, minimum=0, maximum=1
        ),
        "negative_prompt": text("What to leave out.", default=" "),
        "aspect_ratio": aspect_ratio(
            "1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", default="16:9"
        ),
        "image_size": choice(
            "A large picture, or a smaller one sooner.",
            *("optimize_for_quality", "optimize_for_speed"),
            default="optimize_for_quality",
        ),
        "go_fast": boolean("Take shortcuts that save time.", default=True),
        "num_inference_steps": integer(
            "Rounds of denoising; fewer are quicker and coarser.", default=30, minimum=1, maximum=50
        ),
        "guidance": number(
            "How strictly to follow the prompt; less looks more natural.",
            default=3,
            minimum=0,
            maximum=10,
        ),
        "seed": seed(nullable=True),
        "output_format": output_format("webp", "jpg", "png"),
        "output_quality": output_quality(),
        "disable_safety_checker": disable_safety_checker(),
    },
    output=FILES,
    example={
        "prompt": "A bookshop window at dusk, a chalkboard reading 今日新书 and New Today",
        "aspect_ratio": "16:9",
    },
    collections=("text-to-image",),
    github_url="https://github.com/QwenLM/Qwen-Image",
    paper_url="https://arxiv.org/abs/2508.02324",
    license_url="https://github.com/QwenLM/Qwen-Image/blob/main/LICENSE",
)


def _plan(model_input: Input, pictures: Pictures) -> Plan:
    size = _SIZES[model_input["aspect_ratio"]]
    if model_input["image_size"] == "optimize_for_speed":
        size = of_long_side(ratio_of(model_input["aspect_ratio"]), 1024, multiple=16)
    steps = model_input["num_inference_steps"]
    return Plan(
        size=size,
        seconds=(0.1 if model_input["go_fast"] else 0.2) * steps,
        steps=steps,
        image_format=model_input["output_format"],
        quality=model_input["output_quality"],
    )


QWEN = image_model(_CARD, _plan, references=("image",))
