"""The inputs that image models share, and what they mean in numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from PIL import Image

from core.emulator.models.schema import Field, boolean, choice, integer, text
from core.emulator.models.sizes import Size, ratio_of, rounded

Input: TypeAlias = Mapping[str, Any]
Pictures: TypeAlias = Sequence[Image.Image]

MEGAPIXEL = 1024 * 1024


def prompt() -> Field:
    """What to paint."""
    return text("What the picture shows.", required=True)


def aspect_ratio(*ratios: str, default: str = "1:1") -> Field:
    """Ratios such as `16:9`."""
    return choice("The picture's width to its height.", *ratios, default=default)


def seed(**keywords: Any) -> Field:
    """What the server reads as `Context.seed`."""
    return integer(
        "A number that makes the run repeatable; empty for a new picture each time.", **keywords
    )


def output_format(*formats: str, default: str = "webp") -> Field:
    """File formats by their endings."""
    return choice("The file format.", *formats, default=default)


def output_quality() -> Field:
    """The quality of a lossy file."""
    return integer(
        "How much detail jpg and webp files keep: 0 gives the smallest file, 100 the best.",
        default=80,
        minimum=0,
        maximum=100,
    )


def disable_safety_checker() -> Field:
    """The switch that lets `painting.UNSAFE` prompts through."""
    return boolean("Let pictures through that the safety checker would stop.", default=False)


def custom_side(name: str, **keywords: Any) -> Field:
    """A width or height that counts only for the ratio `custom`."""
    return integer(f"{name} in pixels; counts when the aspect ratio is custom.", **keywords)


def custom_size(model_input: Input, *, multiple: int) -> Size:
    """Return the size that `custom_side`s give, 1024 where one is empty."""
    width, height = (model_input.get(side) or 1024 for side in ("width", "height"))
    return rounded(width, multiple), rounded(height, multiple)


def wanted_ratio(model_input: Input, pictures: Pictures) -> float:
    """Return width over height: that of the first picture where it should match, or else 1."""
    ratio = model_input["aspect_ratio"]
    if ratio != "match_input_image":
        return ratio_of(ratio)
    if not pictures:
        return 1.0
    return min(max(pictures[0].width / pictures[0].height, 1 / 8), 8)
