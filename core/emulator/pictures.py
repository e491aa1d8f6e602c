"""Pictures for the emulator: drawn from a prompt, encoded for an output, decoded from an input."""

from collections.abc import Sequence
from io import BytesIO
from random import Random
from typing import Literal, TypeAlias

from PIL import Image, ImageOps

from core.emulator.drawing.brief import digest, read
from core.emulator.drawing.composing import compose, finish_for, lettering, mount, setting_of
from core.emulator.drawing.lettering import caption
from core.emulator.runner import ModelError

ImageFormat: TypeAlias = Literal["webp", "jpg", "png"]

MAX_INPUT_PIXELS = 50_000_000
"""More than any camera's picture that a person would send, and 150 MB once decoded."""


def draw(
    prompt: str,
    *,
    width: int,
    height: int,
    seed: int,
    references: Sequence[Image.Image] = (),
) -> Image.Image:
    """Compose a picture from a prompt's words.

    The same arguments draw the same pixels. One reference becomes the picture's ground, which the
    prompt's subjects, weather and medium are added to; several hang on a wall.

    Returns:
        An RGB picture of exactly width × height.
    """
    brief = read(prompt)
    rng = Random(digest(prompt, seed))
    scene = compose(
        brief,
        rng,
        width=width,
        height=height,
        references=[flattened(reference) for reference in references],
    )
    finish = finish_for(brief, rng, width=width, height=height)
    picture = finish.apply(scene.picture())
    words = caption(prompt)
    is_print = finish.has_margin or (setting_of(brief) == "abstract" and not references)
    if is_print and brief.headline is None:
        picture = mount(picture, words)
    else:
        letters = lettering(picture, headline=brief.headline, words=words, shade=scene.ground)
        picture = letters.onto(picture)
    return finish.grain(picture)


def encode(image: Image.Image, image_format: ImageFormat, *, quality: int = 90) -> bytes:
    """Write a picture as a file's bytes; `quality` is 0 to 100 and means nothing to PNG."""
    buffer = BytesIO()
    match image_format:
        case "webp":
            # Method 2 of 6: a third of the time of the default, a few per cent larger.
            image.save(buffer, "WEBP", quality=quality, method=2)
        case "jpg":
            flattened(image).save(buffer, "JPEG", quality=quality, subsampling=0)
        case "png":
            image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def decode(data: bytes) -> Image.Image:
    """Read an input image, upright as its EXIF says, in RGB or RGBA.

    Raises:
        ModelError: it is no PNG, JPEG, WEBP or GIF, is too large, or is broken.
    """
    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as opened:
            if opened.width * opened.height > MAX_INPUT_PIXELS:
                raise _too_large()
            upright = ImageOps.exif_transpose(opened)
            return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow's word for broken files is any of these, by format.
        raise ModelError("The input image can't be read: send a PNG, JPEG, WEBP or GIF.") from error


def flattened(image: Image.Image) -> Image.Image:
    """The image in RGB, on white where it is transparent."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")


def _too_large() -> ModelError:
    limit = MAX_INPUT_PIXELS // 1_000_000
    return ModelError(f"The input image is too large: at most {limit} megapixels are accepted.")
