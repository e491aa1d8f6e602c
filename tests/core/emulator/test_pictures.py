"""The emulator's pictures: composed from the prompt, exact in size, the same for the same seed."""

import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random

import pytest
from PIL import Image, ImageChops, ImageStat

from core.emulator.drawing.brief import read
from core.emulator.drawing.composing import compose, finish_for, lettering
from core.emulator.drawing.lettering import caption, legible
from core.emulator.drawing.motifs import MOTIFS
from core.emulator.drawing.particles import Particles
from core.emulator.drawing.vocabulary import SETTINGS
from core.emulator.pictures import ImageFormat, decode, draw, encode
from core.emulator.runner import ModelError

VISIBLE = 6.0
"""A mean difference per channel that anyone sees; the same picture as JPEG differs by about 1."""


def difference(first: Image.Image, second: Image.Image) -> float:
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3


def small(prompt: str, *, seed: int = 1, references: tuple[Image.Image, ...] = ()) -> Image.Image:
    return draw(prompt, width=160, height=120, seed=seed, references=references)


@pytest.mark.parametrize("size", [(256, 256), (336, 144), (144, 256), (257, 131), (64, 64)])
def test_a_picture_has_exactly_the_size_asked_for(size: tuple[int, int]) -> None:
    width, height = size

    picture = draw("a fox in the snow", width=width, height=height, seed=1)

    assert picture.size == size
    assert picture.mode == "RGB"


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_draws_a_picture_with_many_tones(setting: str) -> None:
    picture = small(setting)

    assert len(set(picture.convert("L").tobytes())) > 30


def test_every_motif_changes_the_picture_that_it_is_in() -> None:
    empty = small("a meadow")

    for name, motif in MOTIFS.items():
        word = next(iter(motif.words))
        assert read(f"{word} in a meadow").subjects[0].motif == name
        assert difference(empty, small(f"{word} in a meadow")) > VISIBLE / 2, name


def test_the_same_seed_draws_the_same_picture() -> None:
    first = small("two cats by the sea, watercolor")

    assert small("two cats by the sea, watercolor").tobytes() == first.tobytes()


def test_pictures_drawn_in_threads_are_those_drawn_alone() -> None:
    prompts = ["a fox", "a city at night, rain", "pixel art castle", "geometric pattern"]
    alone = [small(prompt).tobytes() for prompt in prompts]

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda prompt: small(prompt).tobytes(), prompts))

    assert together == alone


@pytest.mark.parametrize("prompt", ["a fox in the forest", "the sea at night", "thoughts"])
def test_another_seed_draws_a_visibly_different_picture(prompt: str) -> None:
    first, second = small(prompt, seed=1), small(prompt, seed=2)

    assert difference(first, second) > VISIBLE


def test_another_prompt_draws_a_visibly_different_picture() -> None:
    first, second = small("a fox in the forest"), small("a lighthouse at night")

    assert difference(first, second) > VISIBLE * 3


def test_a_colour_in_the_prompt_is_seen_in_the_picture() -> None:
    red = ImageStat.Stat(small("a red landscape of hills")).mean
    blue = ImageStat.Stat(small("a blue landscape of hills")).mean

    assert red[0] - red[2] > blue[0] - blue[2] + 40


def test_night_is_darker_than_day() -> None:
    day, night = (
        ImageStat.Stat(small(f"hills by {light}").convert("L")) for light in ("day", "night")
    )

    assert night.mean[0] < day.mean[0] / 2


@pytest.mark.parametrize("word", ["watercolor", "sketch", "pixel", "neon", "noir", "vintage"])
def test_a_medium_changes_how_the_same_scene_looks(word: str) -> None:
    scene = small("hills and a house by day")
    finish = finish_for(read(word), Random(1), width=160, height=120)

    assert difference(scene, finish.apply(scene)) > VISIBLE / 2


@pytest.mark.parametrize("word", ["snow", "rain", "autumn", "petals", "fireflies", "bubbles"])
def test_a_weather_drifts_through_the_scene(word: str) -> None:
    brief = read(f"mountains by day, {word}")

    scene = compose(brief, Random(1), width=160, height=120)

    drifting = [item for item in scene.items if isinstance(item, Particles)]
    assert brief.weather in {item.kind for item in drifting}
    frame = Image.new("RGB", (160, 120))
    drifting[-1].paint(frame, 0)
    assert frame.getbbox() is not None


def test_the_prompt_says_what_is_shown() -> None:
    brief = read('Two black cats and a red car in a snowy city at night, watercolor, "Meow!"')

    assert [(subject.motif, subject.count) for subject in brief.subjects] == [
        ("cat", 2),
        ("car", 1),
    ]
    assert (brief.setting, brief.light, brief.weather) == ("city", "night", "snow")
    assert (brief.medium, brief.headline) == ("watercolour", "Meow!")


def test_an_apostrophe_is_no_quotation() -> None:
    assert read("the dog's ball and the cats' toys, it isn't here").headline is None


def test_quoted_words_are_set_large() -> None:
    plain, upper = small("hills by day"), (0, 0, 160, 60)

    words = lettering(plain, headline="HELLO", words=caption("hills"), shade=(0, 0, 0))

    assert difference(plain.crop(upper), words.onto(plain).crop(upper)) > VISIBLE * 2


def test_one_reference_is_what_the_picture_is_made_of() -> None:
    green = Image.new("RGB", (90, 200), (20, 200, 40))

    picture = small("make it better", references=(green,))

    red, of_green, blue = ImageStat.Stat(picture.crop((0, 0, 160, 70))).mean
    assert of_green > red + 80
    assert of_green > blue + 80


def test_every_one_of_several_references_is_seen() -> None:
    colours = [(230, 20, 20), (20, 210, 20), (20, 20, 230)]
    references = tuple(Image.new("RGBA", (80, 60), colour) for colour in colours)

    picture = draw("combine them", width=480, height=270, seed=1, references=references)

    for colour in colours:
        near = [
            all(abs(part - wanted) < 12 for part, wanted in zip(pixel, colour, strict=True))
            for pixel in zip(*[iter(picture.tobytes())] * 3, strict=True)
        ]
        assert sum(near) > 480 * 270 / 100


def test_another_reference_draws_another_picture() -> None:
    first, second = (Image.new("RGB", (64, 64), colour) for colour in ("orange", "navy"))

    drawn = [small("a cup", references=(reference,)) for reference in (first, second)]

    assert difference(*drawn) > VISIBLE * 3


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        " \n\t ",
        "🦊🔥 ❄️",
        "一只在雪地里的狐狸",
        "สุนัขจิ้งจอก",
        "لوحة جميلة",
        "a\x00b\x1b[31mc\x7f",
        "lone \ud800 surrogate",
        "fox " * 2500,
        "x" * 10_000,
        '"' + "WORD " * 14 + '"',
        '"🦊"',
    ],
)
def test_any_prompt_draws_a_picture(prompt: str) -> None:
    first, second = small(prompt), small(prompt, seed=2)

    assert first.size == (160, 120)
    assert difference(first, second) > VISIBLE / 3


def test_letters_that_the_font_lacks_are_left_out_rather_than_boxes() -> None:
    assert legible("Café — “naïve” ő 🦊 狐") == "Cafe - “naive” o"
    assert caption("一只在雪地里的狐狸 fox") is None
    assert caption("🦊🔥") is None


def test_a_caption_is_the_first_clause_with_the_next_below_it() -> None:
    found = caption("a lighthouse in a storm, oil on canvas. And much more")

    assert found is not None
    assert found.title == "A lighthouse in a storm"
    assert found.subtitle == "oil on canvas, And much more"


@pytest.mark.parametrize(
    ("image_format", "name"), [("webp", "WEBP"), ("jpg", "JPEG"), ("png", "PNG")]
)
def test_a_file_is_in_the_format_asked_for(image_format: ImageFormat, name: str) -> None:
    picture = small("an owl in the forest")

    data = encode(picture, image_format)

    with Image.open(BytesIO(data)) as read_back:
        assert read_back.format == name
        assert difference(read_back.convert("RGB"), picture) < VISIBLE


def test_png_keeps_every_pixel() -> None:
    picture = small("an owl in the forest")

    assert decode(encode(picture, "png")).tobytes() == picture.tobytes()


def test_less_quality_makes_a_smaller_file() -> None:
    picture = small("an owl in the forest")

    assert len(encode(picture, "webp", quality=30)) < len(encode(picture, "webp", quality=95)) / 2


def saved(name: str) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (200, 40, 40)).save(buffer, name)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_input_of_each_format_is_read(name: str) -> None:
    image = decode(saved(name))

    assert image.size == (8, 8)
    assert difference(image.convert("RGB"), Image.new("RGB", (8, 8), (200, 40, 40))) < 4


def test_an_input_is_turned_upright() -> None:
    buffer, sideways = BytesIO(), Image.Exif()
    sideways[0x0112] = 6  # the camera's top is on the right
    Image.new("RGB", (30, 20)).save(buffer, "JPEG", exif=sideways)

    assert decode(buffer.getvalue()).size == (20, 30)


def test_an_input_keeps_its_transparency() -> None:
    buffer = BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(buffer, "PNG")

    assert decode(buffer.getvalue()).mode == "RGBA"


def test_a_transparent_reference_lies_on_white() -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))

    picture = small("hello", references=(clear,))

    assert ImageStat.Stat(picture.crop((0, 0, 160, 60)).convert("L")).mean[0] > 200


def png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(10_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


WEBP_OF_268_MEGAPIXELS = (
    b"RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"
    + (16382).to_bytes(3, "little") * 2
    + b"VP8 \x00\x00\x00\x00"
)


@pytest.mark.parametrize("size", [(7100, 7100), (10_000, 10_000), (50_000, 50_000)])
def test_an_input_with_too_many_pixels_is_refused_before_it_is_decoded(
    size: tuple[int, int],
) -> None:
    data = png_header(*size)
    started = time.perf_counter()

    with pytest.raises(ModelError, match="too large: at most 50 megapixels"):
        decode(data)

    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image at all",
        saved("BMP"),
        saved("TIFF"),
        saved("EPS"),
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        png_header(64, 64)[:60],
        b"GIF89a" + bytes(3),
        b"\xff\xd8\xff\xe0" + bytes(30),
        WEBP_OF_268_MEGAPIXELS,
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(data: bytes) -> None:
    started = time.perf_counter()

    with pytest.raises(ModelError) as refused:
        decode(data)

    assert str(refused.value).count(".") == 1
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize("image_format", ["jpg", "png", "webp"])
def test_a_file_that_was_cut_off_is_refused(image_format: ImageFormat) -> None:
    data = encode(small("an owl"), image_format)

    with pytest.raises(ModelError):
        decode(data[: len(data) // 2])
