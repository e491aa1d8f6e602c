"""Runs an image model: reads its pictures, takes its time, draws what its plan says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from PIL import Image

from core.emulator.models.inputs import pictures, uris
from core.emulator.models.sizes import Size
from core.emulator.pictures import ImageFormat, draw, encode
from core.emulator.runner import (
    Context,
    File,
    Log,
    Metric,
    ModelCard,
    ModelError,
    Progress,
    Runner,
    Step,
)

MAX_PIXELS = 4096 * 4096
"""More than this in one picture fails, as a GPU would run out of memory."""

UNSAFE = "nsfw"
"""An image model whose prompt has this word, in any case, fails as a safety checker would make it.

It lets people see on purpose what a failed prediction looks like. Models that have a
`disable_safety_checker` let it through when that is set.
"""

_MEDIA_TYPES: dict[ImageFormat, str] = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
}


@dataclass(frozen=True)
class Plan:
    """What a run is to make.

    `steps` are those of the progress bar and `seconds` the believable time, both for one picture.
    """

    size: Size
    seconds: float
    steps: int = 10
    count: int = 1
    image_format: ImageFormat = "png"
    quality: int = 90


Planner: TypeAlias = Callable[[Mapping[str, Any], Sequence[Image.Image]], Plan]


def image_model(
    card: ModelCard, plan: Planner, *, references: tuple[str, ...] = (), max_references: int = 1
) -> Runner:
    """Return an image model.

    Args:
        plan: the input and its pictures → what to make; raises `ModelError` for what can't be made.
        references: the inputs that are pictures, or lists of them.
        max_references: how many pictures these may give together.
    """

    async def run(model_input: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        if len(uris(model_input, *references)) > max_references:
            raise ModelError(f"Too many input images: at most {max_references} are taken.")
        given = await pictures(model_input, context, *references)
        planned = plan(model_input, given)
        width, height = planned.size
        if width * height > MAX_PIXELS:
            raise ModelError(f"Out of memory (E1001): {width}x{height} is too large.")
        if "seed" in card.input["properties"]:
            yield Log(f"Using seed: {context.seed}")
        for index in range(planned.count):
            for done in range(1, planned.steps + 1):
                await context.sleep(planned.seconds / planned.steps)
                yield Progress(done, planned.steps)
            _refuse_unsafe(model_input)
            seed = context.seed + index
            data = await asyncio.to_thread(_drawn, model_input["prompt"], planned, seed, given)
            name = f"out-{index}.{planned.image_format}"
            yield File(data, name, _MEDIA_TYPES[planned.image_format])
        yield Metric("image_count", planned.count)

    return Runner(card, run)


def _refuse_unsafe(model_input: Mapping[str, Any]) -> None:
    if model_input.get("disable_safety_checker"):
        return
    if UNSAFE in model_input["prompt"].casefold():
        raise ModelError(
            "NSFW content detected (E005): the safety checker stopped this picture. "
            "Try another prompt."
        )


def _drawn(prompt: str, plan: Plan, seed: int, references: Sequence[Image.Image]) -> bytes:
    width, height = plan.size
    image = draw(prompt, width=width, height=height, seed=seed, references=references)
    return encode(image, plan.image_format, quality=plan.quality)
