"""Stable Diffusion XL, the one community model here: it is run by its version."""

from core.emulator.models.images.fields import Input, Pictures, disable_safety_checker, seed
from core.emulator.models.painting import Plan, image_model
from core.emulator.models.schema import FILES, boolean, card, choice, file, integer, number, text
from core.emulator.runner import ModelError

_CARD = card(
    "stability-ai/sdxl",
    "Stable Diffusion XL: an open model that many others are built on.",
    inputs={
        "prompt": text("What the picture shows.", default="An astronaut riding a rainbow unicorn"),
        "negative_prompt": text("What to leave out.", default=""),
        "image": file("A picture to start from, or to change in parts."),
        "mask": file("White where the picture may change, black where not."),
        "width": integer("Width in pixels.", default=1024),
        "height": integer("Height in pixels.", default=1024),
        "num_outputs": integer("How many pictures to make.", default=1, minimum=1, maximum=4),
        "scheduler": choice(
            "The method of denoising.",
            *("DDIM", "DPMSolverMultistep", "HeunDiscrete", "KarrasDPM"),
            *("K_EULER_ANCESTRAL", "K_EULER", "PNDM"),
            default="K_EULER",
        ),
        "num_inference_steps": integer(
            "Rounds of denoising; fewer are quicker and coarser.",
            default=50,
            minimum=1,
            maximum=500,
        ),
        "guidance_scale": number(
            "How strictly to follow the prompt.", default=7.5, minimum=1, maximum=50
        ),
        "prompt_strength": number(
            "How far to depart from the picture given; 1 keeps nothing of it.",
            default=0.8,
            minimum=0,
            maximum=1,
        ),
        "seed": seed(),
        "refine": choice(
            "Whether a second model finishes the picture, and how.",
            *("no_refiner", "expert_ensemble_refiner", "base_image_refiner"),
            default="no_refiner",
        ),
        "high_noise_frac": number(
            "The share of the steps before expert_ensemble_refiner takes over.",
            default=0.8,
            minimum=0,
            maximum=1,
        ),
        "refine_steps": integer("Steps of base_image_refiner; empty for as many as above."),
        "apply_watermark": boolean("Mark the picture, invisibly, as generated.", default=True),
        "lora_scale": number(
            "How strongly a LoRA works, where one is loaded.", default=0.6, minimum=0, maximum=1
        ),
        "replicate_weights": text("LoRA weights from a training; empty for none."),
        "disable_safety_checker": disable_safety_checker(),
    },
    output=FILES,
    example={
        "prompt": "An astronaut reading on a park bench, autumn leaves, watercolour",
        "width": 1024,
        "height": 768,
        "num_inference_steps": 25,
    },
    collections=("text-to-image",),
    is_official=False,
    github_url="https://github.com/Stability-AI/generative-models",
    paper_url="https://arxiv.org/abs/2307.01952",
)


def _plan(model_input: Input, pictures: Pictures) -> Plan:
    if model_input.get("mask") and not model_input.get("image"):
        raise ModelError("A mask needs the image that it belongs to.")
    size = pictures[0].size if pictures else (model_input["width"], model_input["height"])
    if min(size) < 8:
        raise ModelError("Width and height must be at least 8 pixels.")
    steps = model_input["num_inference_steps"]
    return Plan(
        size=(size[0] // 8 * 8, size[1] // 8 * 8),
        seconds=0.08 * steps,
        steps=steps,
        count=model_input["num_outputs"],
    )


SDXL = image_model(_CARD, _plan, references=("image",))
