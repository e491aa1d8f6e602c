"""What an input asks for, read by the names that most models give their inputs.

What a model calls otherwise is taken and has no effect.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from core.emulator.models.sizes import Size, of_area, of_short_side, ratio_of, rounded, size_of

MAX_CLIP_SECONDS = 10.0
MAX_SOUND_SECONDS = 30.0
MAX_COUNT = 8
"""How many files one run makes at most, and how long the longest are."""

_USUAL_CLIP_SECONDS = 4.0
_USUAL_SOUND_SECONDS = 3.0
_USUAL_STEPS = 10
_MOST_STEPS = 50
_LONGEST_SIDE = 8192
_MEGAPIXEL = 1024 * 1024
_CLIP_LINES = 720


@dataclass(frozen=True)
class Wish:
    """What to make.

    Attributes:
        prompt: never empty; a model that takes none is named in its place.
        seconds: of film or sound, or None where the input doesn't say.
        count: how many files, where there may be several.
        ending: the format that a file should have, such as `webp`, or None.
        steps: of the progress bar.
        pictures: those given, the first frame first.
        last_frame: the picture that a clip ends with, or None.
    """

    prompt: str
    size: Size
    seconds: float | None = None
    count: int = 1
    ending: str | None = None
    quality: int = 90
    steps: int = _USUAL_STEPS
    pictures: tuple[Image.Image, ...] = ()
    last_frame: Image.Image | None = None

    @property
    def clip_seconds(self) -> float:
        """How long a clip gets."""
        return min(self.seconds or _USUAL_CLIP_SECONDS, MAX_CLIP_SECONDS)

    @property
    def sound_seconds(self) -> float:
        """How long a sound gets."""
        return min(self.seconds or _USUAL_SOUND_SECONDS, MAX_SOUND_SECONDS)


def wish(
    model_input: Mapping[str, Any],
    pictures: Mapping[str, Iterable[Image.Image]],
    *,
    otherwise: str,
    moves: bool,
) -> Wish:
    """Read an input.

    Args:
        pictures: what was given as files and is a picture, by the names of the inputs.
        otherwise: the prompt of a model that takes none.
        moves: whether it is about clips, which are wide unless something else is said.
    """
    last = [one for name, given in pictures.items() if _LAST.search(name) for one in given]
    first = [one for name, given in pictures.items() if not _ASIDE.search(name) for one in given]
    return Wish(
        prompt=prompt_in(model_input) or otherwise,
        size=_size(model_input, first, moves=moves),
        seconds=_seconds(model_input),
        count=min(max(int(_number(model_input, _COUNTS) or 1), 1), MAX_COUNT),
        ending=_ending(model_input),
        quality=int(min(max(_number(model_input, _QUALITIES) or 90, 1), 100)),
        steps=min(max(int(_number(model_input, _STEPS) or _USUAL_STEPS), 1), _MOST_STEPS),
        pictures=tuple(first[:4]),
        last_frame=last[0] if last else None,
    )


PROMPTS = (
    *("prompt", "prompts", "text_prompt", "text", "input_text", "text_input", "gen_text", "txt"),
    *("message", "question", "query", "instruction", "caption", "lyrics", "script", "topic"),
    *("input", "inputs", "sentence", "title", "description", "edit"),
)
"""The inputs that hold what a run is about, the likeliest first."""

_COUNTS = (
    *("num_outputs", "num_images", "number_of_images", "max_images", "num_samples", "batch_size"),
    *("num_images_per_prompt", "images_per_prompt", "num_variations", "number_of_outputs", "n"),
)
_QUALITIES = ("output_quality", "quality", "output_compression", "jpeg_quality")
_STEPS = ("num_inference_steps", "num_steps", "steps", "iterations")
_SECONDS = (
    *("duration", "seconds", "video_duration", "duration_seconds", "audio_duration", "length"),
    *("total_second_length", "audio_length_in_s", "max_duration"),
)
_FRAMES = ("num_frames", "video_length", "max_frames", "frames")
_RATES = ("fps", "frames_per_second", "frame_rate")
_ENDINGS = (
    *("output_format", "format", "image_format", "output_type", "file_format", "audio_format"),
    *("output_file_format", "video_format", "response_format", "transcription"),
)
_SAME_ENDING = {"jpeg": "jpg", "wave": "wav", "opus": "ogg", "text": "txt", "plain": "txt"}
_RATIOS = {"square": 1.0, "landscape": 16 / 9, "portrait": 9 / 16, "horizontal": 16 / 9}
_ASIDE = re.compile(r"(?:^|_)(?:last|end|tail|mask)(?:_|$)")
_LAST = re.compile(r"(?:^|_)(?:last|end|tail)(?:_|$)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def prompt_in(model_input: Mapping[str, Any]) -> str:
    """Return the text that an input is about, or an empty one."""
    for name in PROMPTS:
        match model_input.get(name):
            case str(text) if text.strip():
                return text
            case [str(text), *_] if text.strip():
                return text
    for message in reversed(_list(model_input.get("messages"))):
        if isinstance(message, Mapping) and isinstance(said := message.get("content"), str):
            return said
    return ""


def _size(given: Mapping[str, Any], pictures: list[Image.Image], *, moves: bool) -> Size:
    for sides in ("width", "height"), ("target_width", "target_height"), ("side_x", "side_y"):
        across, down = (_number(given, (name,)) for name in sides)
        if across and down:
            return _within(across), _within(down)
    texts = [str(given.get(name, "")).strip().lower() for name in _SIZES]
    for text in texts:
        if re.fullmatch(r"\d{2,5}x\d{2,5}", text):
            wide, high = size_of(text)
            return _within(wide), _within(high)
    ratio = _ratio(given, pictures, moves=moves)
    for text in texts:
        if lines := re.fullmatch(r"(\d{3,4})p", text):
            return of_short_side(ratio, int(lines[1]))
        if thousands := re.fullmatch(r"(\d(?:\.\d)?)k", text):
            return of_area(ratio, (float(thousands[1]) * 1024) ** 2)
        if share := re.fullmatch(r"(\d+(?:\.\d+)?)(?: ?mp)?", text):
            return of_area(ratio, min(max(float(share[1]), 0.1), 16) * _MEGAPIXEL)
    if pictures:
        scale = min(max(_number(given, ("scale", "upscale_factor", "upscale")) or 1, 0.1), 8)
        return _within(pictures[0].width * scale), _within(pictures[0].height * scale)
    return of_short_side(ratio, _CLIP_LINES) if moves else of_area(ratio, _MEGAPIXEL)


_SIZES = ("size", "image_size", "resolution", "megapixels", "dimensions", "output_size")


def _ratio(given: Mapping[str, Any], pictures: list[Image.Image], *, moves: bool) -> float:
    for name in ("aspect_ratio", "ratio", "aspect", "orientation"):
        text = str(given.get(name, "")).strip().lower()
        if re.fullmatch(r"[1-9]\d{0,4}[:x][1-9]\d{0,4}", text):
            return min(max(ratio_of(text), 1 / 8), 8)
        if text in _RATIOS:
            return _RATIOS[text]
    if pictures:
        return min(max(pictures[0].width / pictures[0].height, 1 / 8), 8)
    return 16 / 9 if moves else 1.0


def _within(side: float) -> int:
    return rounded(min(max(side, 16), _LONGEST_SIDE), 2)


def _seconds(given: Mapping[str, Any]) -> float | None:
    seconds = _number(given, _SECONDS)
    frames, rate = _number(given, _FRAMES), _number(given, _RATES)
    if not seconds and frames and frames > 0:
        seconds = frames / (rate if rate and rate > 0 else 24)
    return seconds if seconds and seconds > 0 else None


def _ending(given: Mapping[str, Any]) -> str | None:
    for name in _ENDINGS:
        if isinstance(value := given.get(name), str):
            ending = value.strip().lower().rpartition("/")[2].lstrip(".")
            return _SAME_ENDING.get(ending, ending)
    return None


def _number(given: Mapping[str, Any], names: Iterable[str]) -> float | None:
    """Return the first of these inputs that is a number, or a text that begins with one: `5s`."""
    for name in names:
        match given.get(name):
            case bool():
                continue
            case int() | float() as number:
                return number
            case str(text) if found := _NUMBER.match(text.strip()):
                return float(found[0])
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
