"""The video models: what each takes, and the shot that it makes of it.

Names, ranges and defaults are those of the real models.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeAlias

from PIL import Image

from core.emulator.models.filming import Shot, video_model
from core.emulator.models.inputs import picture, uris
from core.emulator.models.schema import (
    FILE,
    Field,
    boolean,
    card,
    choice,
    file,
    files,
    integer,
    text,
)
from core.emulator.models.sizes import of_short_side, ratio_of
from core.emulator.pictures import draw
from core.emulator.runner import Context, ModelError, Runner

Input: TypeAlias = Mapping[str, Any]


def _prompt() -> Field:
    return text("What happens in the clip.", required=True)


def _negative_prompt(**keywords: Any) -> Field:
    return text("What to keep out of the clip.", **keywords)


def _aspect_ratio(*ratios: str) -> Field:
    return choice("The clip's width to its height.", *ratios, default="16:9")


def _lines(*choices: str, default: str) -> Field:
    return choice("The lines of a frame, along its shorter side.", *choices, default=default)


def _seed(**keywords: Any) -> Field:
    return integer(
        "A number that makes the run repeatable; empty for a new clip each time.",
        nullable=True,
        **keywords,
    )


def _sound() -> Field:
    return boolean("Whether the clip gets sound that fits.", default=True)


def _ratio(first: Image.Image | None, otherwise: float) -> float:
    """Return width over height: the first frame's, unless it is a mere strip, or the other."""
    return min(max(first.width / first.height, 1 / 4), 4) if first else otherwise


def _asked_ratio(model_input: Input) -> float:
    return ratio_of(model_input["aspect_ratio"])


def _line_count(model_input: Input) -> int:
    return int(model_input["resolution"].removesuffix("p"))


# kwaivgi/kling-v2.5-turbo-pro

_KLING = card(
    "kwaivgi/kling-v2.5-turbo-pro",
    "Smooth motion and camera work in clips of five or ten seconds.",
    inputs={
        "prompt": _prompt(),
        "negative_prompt": _negative_prompt(default=""),
        "start_image": file("The picture that the clip begins with."),
        "end_image": file("The picture that the clip ends with."),
        "aspect_ratio": _aspect_ratio("16:9", "9:16", "1:1"),
        "duration": choice("Seconds of film.", 5, 10, default=5),
        "image": file("The former name of start_image.", nullable=True, deprecated=True),
    },
    output=FILE,
    example={
        "prompt": "A paper boat drifts down a rain gutter, the camera low beside it",
        "aspect_ratio": "16:9",
        "duration": 5,
    },
    collections=("text-to-video", "image-to-video"),
)


async def _kling(model_input: Input, context: Context) -> Shot:
    first = await picture(model_input, context, "start_image", "image")
    return Shot(
        size=of_short_side(_ratio(first, _asked_ratio(model_input)), 720),
        seconds=model_input["duration"],
        first_frame=first,
        last_frame=await picture(model_input, context, "end_image"),
    )


# google/veo-3.1

_VEO = card(
    "google/veo-3.1",
    "Clips in up to 1080p with sound that fits, speech included.",
    inputs={
        "prompt": _prompt(),
        "aspect_ratio": _aspect_ratio("16:9", "9:16"),
        "duration": choice("Seconds of film.", 4, 6, 8, default=8),
        "image": file("The picture that the clip begins with, best 16:9 or 9:16.", nullable=True),
        "last_frame": file("The picture that the clip ends with.", nullable=True),
        "reference_images": files(
            "Up to three pictures of what should look the same; for 16:9 and 8 seconds only.",
            default=[],
        ),
        "negative_prompt": _negative_prompt(nullable=True),
        "resolution": _lines("720p", "1080p", default="1080p"),
        "generate_audio": _sound(),
        "seed": _seed(),
    },
    output=FILE,
    example={
        "prompt": "Waves roll onto a black sand beach at dusk; one gull calls",
        "duration": 4,
        "resolution": "720p",
    },
    collections=("text-to-video", "image-to-video"),
)


async def _veo(model_input: Input, context: Context) -> Shot:
    references = uris(model_input, "reference_images")
    if len(references) > 3:
        raise ModelError("Too many reference images: at most three are taken.")
    if references and (model_input["aspect_ratio"], model_input["duration"]) != ("16:9", 8):
        raise ModelError("Reference images work with aspect ratio 16:9 and 8 seconds only.")
    return Shot(
        size=of_short_side(_asked_ratio(model_input), _line_count(model_input)),
        seconds=model_input["duration"],
        first_frame=await picture(model_input, context, "image", "reference_images"),
        last_frame=None if references else await picture(model_input, context, "last_frame"),
    )


# wan-video/wan-2.7-t2v

_WAN = card(
    "wan-video/wan-2.7-t2v",
    "From text alone, two to fifteen seconds, in time with a sound of your own.",
    inputs={
        "prompt": _prompt(),
        "negative_prompt": _negative_prompt(default=""),
        "audio": file(
            "A wav or mp3 of 3 to 30 seconds to move to, up to 15 MB; empty to have one made.",
            nullable=True,
        ),
        "resolution": _lines("720p", "1080p", default="1080p"),
        "aspect_ratio": _aspect_ratio("16:9", "9:16", "1:1", "4:3", "3:4"),
        "duration": integer("Seconds of film.", default=5, minimum=2, maximum=15),
        "enable_prompt_expansion": boolean(
            "Let the model write a short prompt out first; takes longer.", default=True
        ),
        "seed": _seed(),
    },
    output=FILE,
    example={
        "prompt": "A tram climbs a steep street in the rain, windows lit",
        "resolution": "720p",
        "duration": 4,
    },
    collections=("text-to-video",),
)


async def _wan(model_input: Input, context: Context) -> Shot:
    await _read(context, uris(model_input, "audio"))
    return Shot(
        size=of_short_side(_asked_ratio(model_input), _line_count(model_input)),
        seconds=model_input["duration"],
    )


async def _read(context: Context, unused: list[str]) -> None:
    """Read files that films make no use of, so that a bad one fails as it would for real."""
    for uri in unused:
        await context.fetch(uri)


# minimax/hailuo-2.3

_HAILUO = card(
    "minimax/hailuo-2.3",
    "People that move and look real, in clips of six or ten seconds.",
    inputs={
        "prompt": _prompt(),
        "first_frame_image": file("The picture that the clip begins with; it sets the ratio."),
        "duration": choice("Seconds of film; ten only at 768p.", 6, 10, default=6),
        "resolution": _lines("768p", "1080p", default="768p"),
        "prompt_optimizer": boolean("Let the model write the prompt out first.", default=True),
    },
    order={"duration": 2, "resolution": 3},
    output=FILE,
    example={
        "prompt": "A dancer turns once under a street lamp, coat swinging",
        "duration": 6,
    },
    collections=("text-to-video", "image-to-video"),
)


async def _hailuo(model_input: Input, context: Context) -> Shot:
    if (model_input["resolution"], model_input["duration"]) == ("1080p", 10):
        raise ModelError("Ten seconds are made at 768p only; choose six for 1080p.")
    first = await picture(model_input, context, "first_frame_image")
    return Shot(
        size=of_short_side(_ratio(first, 16 / 9), _line_count(model_input)),
        seconds=model_input["duration"],
        first_frame=first,
    )


# bytedance/seedance-2.5

_SEEDANCE = card(
    "bytedance/seedance-2.5",
    "Scenes of up to thirty seconds, led by reference pictures, clips and sounds.",
    inputs={
        "prompt": text(
            "What happens in the clip, in up to 2000 characters; may be empty if there is media.",
            default="",
            maxLength=2000,
        ),
        "image": file(
            "The picture that the clip begins with; not together with references.",
            default=None,
            nullable=True,
        ),
        "last_frame_image": file(
            "The picture that the clip ends with; needs one to begin with.",
            default=None,
            nullable=True,
        ),
        "reference_images": files("Up to 30 pictures of what should look the same.", default=[]),
        "reference_videos": files("Up to 10 clips to learn motion or style from.", default=[]),
        "reference_audios": files(
            "Up to 10 sounds to move to; need a reference picture or clip.", default=[]
        ),
        "duration": integer(
            "Seconds of film; -1 leaves the choice to the model.", default=5, minimum=-1, maximum=30
        ),
        "resolution": _lines("480p", "720p", "1080p", default="720p"),
        "aspect_ratio": _aspect_ratio("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"),
        "generate_audio": _sound(),
        "watermark": boolean("Put a visible mark into the clip.", default=False),
        "output_format": choice("The file format.", "mp4", default="mp4"),
        "seed": _seed(default=None),
    },
    output=FILE,
    example={
        "prompt": "A market stall wakes up: shutters, crates of oranges, first customers",
        "duration": 5,
        "resolution": "720p",
    },
    collections=("text-to-video", "image-to-video"),
)

_CHOSEN_SECONDS = 5


async def _seedance(model_input: Input, context: Context) -> Shot:
    frames = uris(model_input, "image", "last_frame_image")
    seen = uris(model_input, "reference_images", "reference_videos")
    heard = uris(model_input, "reference_audios")
    if not (model_input["prompt"].strip() or frames or seen):
        raise ModelError("Give a prompt, or a picture or clip to go by.")
    if frames and (seen or heard):
        raise ModelError("First and last frames can't be combined with references.")
    if model_input.get("last_frame_image") and not model_input.get("image"):
        raise ModelError("A last frame needs a first one.")
    if heard and not seen:
        raise ModelError("Reference sounds need a reference picture or clip.")
    await _read(context, uris(model_input, "reference_videos", "reference_audios"))
    first = await picture(model_input, context, "image", "reference_images")
    is_adaptive = model_input["aspect_ratio"] == "adaptive"
    ratio = _ratio(first, 16 / 9) if is_adaptive else _asked_ratio(model_input)
    duration = model_input["duration"]
    return Shot(
        size=of_short_side(ratio, _line_count(model_input)),
        seconds=duration if duration > 0 else _CHOSEN_SECONDS,
        first_frame=first,
        last_frame=await picture(model_input, context, "last_frame_image"),
    )


# luma/ray

_RAY = card(
    "luma/ray",
    "Dreamlike clips of five seconds that can loop.",
    inputs={
        "prompt": _prompt(),
        "aspect_ratio": _aspect_ratio("1:1", "3:4", "4:3", "9:16", "16:9", "9:21", "21:9"),
        "loop": boolean("Let the end lead back to the beginning.", default=False),
        "start_image": file("The picture that the clip begins with."),
        "end_image": file("The picture that the clip ends with."),
        "start_video_id": text("The id of a clip to go on from."),
        "end_video_id": text("The id of a clip to lead up to."),
        "start_image_url": text("The former name of start_image.", deprecated=True),
        "end_image_url": text("The former name of end_image.", deprecated=True),
    },
    order={"aspect_ratio": 1},
    output=FILE,
    example={
        "prompt": "A house of glass on a hill of moss, clouds passing through its rooms",
        "loop": True,
    },
    collections=("text-to-video", "image-to-video"),
)


async def _ray(model_input: Input, context: Context) -> Shot:
    for name in ("start_video_id", "end_video_id"):
        if model_input.get(name):
            raise ModelError(f"There is no generation {model_input[name]} to go on from.")
    first = await picture(model_input, context, "start_image", "start_image_url")
    last = await picture(model_input, context, "end_image", "end_image_url")
    width, height = size = of_short_side(_ratio(first or last, _asked_ratio(model_input)), 720)
    if model_input["loop"] and last is None:
        if first is None:
            first = await asyncio.to_thread(
                draw, model_input["prompt"], width=width, height=height, seed=context.seed
            )
        last = first
    return Shot(size=size, seconds=5, first_frame=first, last_frame=last)


VIDEOS: tuple[Runner, ...] = (
    video_model(_KLING, _kling),
    video_model(_VEO, _veo),
    video_model(_WAN, _wan),
    video_model(_HAILUO, _hailuo),
    video_model(_SEEDANCE, _seedance),
    video_model(_RAY, _ray),
)
