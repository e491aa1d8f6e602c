"""Draws the small pictures by which the page tells its curated models apart.

Run it from the checkout, and look at what it wrote:

    python -m tests.browser.make_model_pictures

The pictures are the embedded emulator's drawings, not outputs of the models: each shows what its
model is good for, in words that the drawing code has things for. They are checked in, because the
page mustn't need the emulator.
"""

from pathlib import Path
from random import Random

from PIL import Image

from core.emulator.drawing.brief import digest, read
from core.emulator.drawing.composing import compose, finish_for, lettering
from core.emulator.pictures import encode

FOLDER = Path(__file__).parents[2] / "ui" / "assets" / "models"
SIZE = (320, 240)

_DRAWN_AT = (640, 480)
"""Twice the size, because lines are smoother when they are made smaller."""
_QUALITY = 80

DRAWN = {
    "black-forest-labs/flux-schnell": "a fox in a snowy forest, morning light, watercolour",
    "black-forest-labs/flux-1.1-pro": "a white lighthouse on the coast, waves, golden sunset",
    "black-forest-labs/flux-2-flex": "a teal cup and an open book on a table",
    "google/nano-banana-2": "an isometric geometric pattern, pastel",
    "bytedance/seedream-4.5": "a red umbrella on a neon city street at night in the rain",
    "ideogram-ai/ideogram-v3-turbo": 'a guitar and a moon at night, "BLUE HOUR", city',
    "recraft-ai/recraft-v4": "a mandala, geometric, teal",
    "qwen/qwen-image": "misty mountains, three red birds, watercolour painting, autumn",
    "kwaivgi/kling-v2.5-turbo-pro": "a turtle and a yellow fish underwater",
    "google/veo-3.1": "a boat on the sea at dawn, birds",
    "wan-video/wan-2.7-t2v": "a red train in snowy mountains at noon",
    "minimax/hailuo-2.3": "portrait of a woman, yellow umbrella, rain, city",
    "bytedance/seedance-2.5": "hot air balloons over a meadow at dawn",
    "luma/ray": "a pink whale, northern lights, dreamy mountains",
}
"""What is drawn for each model of the catalogue that makes pictures or clips."""


def main() -> None:
    """Write all pictures, and remove those of models that are gone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in set(FOLDER.iterdir()) - {path_of(model) for model in DRAWN}:
        path.unlink()
    for model, prompt in DRAWN.items():
        path_of(model).write_bytes(encode(_drawn(prompt), "webp", quality=_QUALITY))


def path_of(model: str) -> Path:
    """Return where the picture of `owner/name` lies."""
    return FOLDER / f"{model.replace('/', '--')}.webp"


def _drawn(prompt: str) -> Image.Image:
    """Draw a prompt without a caption, which nobody could read at this size."""
    width, height = _DRAWN_AT
    brief, rng = read(prompt), Random(digest(prompt, 1))
    scene = compose(brief, rng, width=width, height=height)
    finish = finish_for(brief, rng, width=width, height=height)
    picture = finish.apply(scene.picture())
    words = lettering(picture, headline=brief.headline, words=None, shade=scene.ground)
    return finish.grain(words.onto(picture)).resize(SIZE, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
