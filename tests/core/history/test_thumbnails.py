"""A small picture is the same whoever makes it: upright, in sRGB, transparent where it was."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps

from core.history import thumbnails
from core.history.probing import Probe, probe

BY_PILLOW = thumbnails.thumbnail_of


@pytest.fixture(params=["Pillow", "pyvips"], autouse=True)
def maker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have pictures of all sizes made small by one of them."""
    monkeypatch.setattr(thumbnails, "LARGE", 0)
    if request.param == "Pillow":
        monkeypatch.setattr(thumbnails, "_vips", lambda: None)
    elif thumbnails._vips() is None:
        pytest.skip("pyvips isn't there")
    else:  # it isn't Pillow that makes them after all
        monkeypatch.setattr(thumbnails, "thumbnail_of", lambda _: pytest.fail("it was Pillow"))
    return str(request.param)


def small(path: Path, encoding: str) -> Image.Image:
    return opened(probe(path, f"image/{encoding.lower()}"))


def opened(found: Probe) -> Image.Image:
    assert found.problem is None
    assert found.thumbnail is not None
    image = Image.open(io.BytesIO(found.thumbnail))
    assert (image.format, image.info.get("icc_profile"), dict(image.getexif())) == (
        "WEBP",
        None,
        {},
    )
    return image


def coloured(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    image.paste("lime", (0, size[1] // 2, size[0] // 2, size[1]))
    return image


def is_about(image: Image.Image, place: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 12 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("encoding", ["PNG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [((1600, 1200), (512, 384)), ((1000, 333), (512, 170)), ((40, 30), (40, 30)), ((9, 1), (9, 1))],
)
def test_it_keeps_the_shape_and_is_never_larger(
    tmp_path: Path, encoding: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    coloured(size).save(tmp_path / "picture", encoding)

    assert small(tmp_path / "picture", encoding).size == expected


@pytest.mark.parametrize("encoding", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright(tmp_path: Path, encoding: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    coloured((800, 400)).save(tmp_path / "picture", encoding, exif=exif)

    found = probe(tmp_path / "picture", f"image/{encoding.lower()}")

    image = opened(found).convert("RGB")
    with Image.open(tmp_path / "picture") as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    assert (found.width, found.height) == upright.size
    assert image.size == ((256, 512) if orientation >= 5 else (512, 256))
    for x, y in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)):
        expected = upright.getpixel((int(x * upright.width), int(y * upright.height)))
        assert isinstance(expected, tuple)
        assert is_about(image, (int(x * image.width), int(y * image.height)), expected)


@pytest.mark.parametrize("encoding", ["PNG", "WEBP"])
def test_its_colours_are_those_of_srgb(tmp_path: Path, encoding: str) -> None:
    swapped = _profile_with_red_and_blue_changed_over()
    Image.new("RGB", (700, 700), "red").save(tmp_path / "picture", encoding, icc_profile=swapped)

    image = small(tmp_path / "picture", encoding).convert("RGB")

    assert is_about(image, (100, 100), (0, 0, 255))


@pytest.mark.parametrize("encoding", ["PNG", "WEBP"])
def test_a_broken_profile_is_no_matter(tmp_path: Path, encoding: str) -> None:
    coloured((700, 700)).save(tmp_path / "picture", encoding, icc_profile=b"rubbish" * 40)

    assert is_about(small(tmp_path / "picture", encoding).convert("RGB"), (9, 9), (254, 0, 0))


@pytest.mark.parametrize(
    ("encoding", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "P"), ("WEBP", "RGBA")]
)
def test_what_is_transparent_stays_so_and_bleeds_nowhere(
    tmp_path: Path, encoding: str, mode: str
) -> None:
    glass = Image.new("RGBA", (600, 600), (255, 255, 255, 255))
    glass.paste((0, 0, 0, 0), (300, 0, 600, 600))
    glass.convert(mode).save(tmp_path / "picture", encoding, lossless=True)

    image = small(tmp_path / "picture", encoding)

    assert image.mode == "RGBA"
    assert image.getchannel("A").getpixel((5, 5)) == 255
    assert image.getchannel("A").getpixel((500, 500)) == 0
    # No grey at the edge: what is transparent has no colour.
    solid = image.getchannel("A").point(lambda value: 255 * (value > 128))
    darkest = ImageChops.lighter(image.convert("RGB").convert("L"), ImageChops.invert(solid))
    assert darkest.getextrema()[0] > 235


@pytest.mark.parametrize("mode", ["L", "1", "P", "I;16"])
def test_other_pngs_come_out_in_colour_and_opaque(tmp_path: Path, mode: str) -> None:
    grey = Image.new("L", (600, 600), 255)
    image = Image.new("I;16", (600, 600), 65535) if mode == "I;16" else grey.convert(mode)
    image.save(tmp_path / "picture", "PNG")

    found = small(tmp_path / "picture", "PNG")

    assert (found.mode, found.size) == ("RGB", (512, 512))
    assert is_about(found, (100, 100), (255, 255, 255))


@pytest.mark.parametrize("encoding", ["PNG", "WEBP"])
def test_of_a_moving_picture_it_shows_the_first(tmp_path: Path, encoding: str) -> None:
    first, *others = (Image.new("RGB", (600, 400), colour) for colour in ("red", "blue", "lime"))
    first.save(tmp_path / "picture", encoding, save_all=True, append_images=others, duration=100)

    image = small(tmp_path / "picture", encoding)

    assert (image.size, getattr(image, "n_frames", 1)) == ((512, 341), 1)
    assert is_about(image.convert("RGB"), (100, 100), (254, 0, 0))


@pytest.mark.parametrize("encoding", ["PNG", "WEBP"])
def test_of_too_many_pixels_none_is_decoded(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (8000, 5001)).save(tmp_path / "picture", encoding)
    monkeypatch.setattr(thumbnails, "_by_vips", lambda *_, **__: pytest.fail("it was decoded"))
    monkeypatch.setattr(thumbnails, "thumbnail_of", lambda _: pytest.fail("it was decoded"))

    found = probe(tmp_path / "picture", f"image/{encoding.lower()}")

    assert (found.width, found.height, found.thumbnail) == (8000, 5001, None)
    assert "too many" in str(found.problem)


@pytest.mark.parametrize("encoding", ["PNG", "WEBP"])
def test_one_that_breaks_off_has_none(
    tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "thumbnail_of", BY_PILLOW)
    Image.effect_noise((900, 700), 60).convert("RGB").save(tmp_path / "picture", encoding)
    whole = (tmp_path / "picture").read_bytes()
    (tmp_path / "picture").write_bytes(whole[: len(whole) // 2])

    found = probe(tmp_path / "picture", f"image/{encoding.lower()}")

    assert found.thumbnail is None
    assert found.problem


def test_pyvips_reads_no_other_formats(tmp_path: Path, maker: str) -> None:
    if maker == "Pillow":
        return
    coloured((700, 700)).save(tmp_path / "picture", "JPEG")

    assert thumbnails._by_vips(tmp_path / "picture", has_profile=False) is None


def test_pyvips_is_imported_with_the_first_large_picture() -> None:
    says = "import sys, core, core.history.probing; print('pyvips' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def _profile_with_red_and_blue_changed_over() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {
        bytes(profile[place : place + 4]): place
        for place in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12)
    }
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)
