"""A file in an output is of a believable kind, and as its input asks for."""

import io
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from core.emulator.models.anything import files, wishes
from core.emulator.runner import File, Log, Value, parts_of
from tests.core.emulator.anything.material import PROMPT, URI, model, run
from tests.core.emulator.test_models import FakeContext, all_of, clip_in, picture


@pytest.mark.parametrize(
    ("name", "description", "inputs", "place", "media_type"),
    [
        ("sdxl-fork", "Pictures.", {}, "", "image/png"),
        ("thing", "Makes short videos from text", {}, "", "video/mp4"),
        ("thing", "Text to speech with many voices", {}, "", "audio/wav"),
        ("thing", "", {"num_frames": {"type": "integer"}}, "", "video/mp4"),
        ("thing", "", {"lyrics": PROMPT}, "", "audio/wav"),
        ("thing", "", {}, "", "image/png"),
        ("thing", "Meshes from a photo", {}, "mesh", "model/gltf-binary"),
        ("whisper", "Speech to text", {}, "srt_file", "application/x-subrip"),
        ("whisper", "Speech to text", {}, "transcript", "text/plain"),
        ("trainer", "", {}, "weights", "application/zip"),
        ("thing", "", {}, "vocals", "audio/wav"),
        ("thing", "", {}, "mask", "image/png"),
        ("thing", "", {}, "report_pdf", "application/pdf"),
        ("thing", "", {}, "metadata_json", "application/json"),
    ],
)
async def test_a_file_is_of_the_kind_that_the_names_speak_of(
    name: str, description: str, inputs: dict[str, Any], place: str, media_type: str, tmp_path: Path
) -> None:
    output = {"type": "object", "properties": {place: URI}, "required": [place]} if place else URI
    runner = model(output, inputs, name=name, description=description, folder=tmp_path)

    steps = await run(runner)

    [file] = all_of(File, steps) or parts_of(all_of(Value, steps)[-1].value, File)
    assert file.media_type == media_type
    assert file.data


@pytest.mark.parametrize("ending", files.KINDS)
async def test_each_kind_of_file_can_be_asked_for_by_a_name(ending: str, tmp_path: Path) -> None:
    runner = model({"properties": {f"a_{ending}": URI}}, {"prompt": PROMPT}, folder=tmp_path)

    first, same = [await run(runner, prompt="a heron") for _ in range(2)]

    [file] = parts_of(all_of(Value, first)[-1].value, File)
    assert file.name == f"out-0.{ending}"
    assert parts_of(all_of(Value, same)[-1].value, File) == [file]


@pytest.mark.parametrize("asked", ["jpg", "jpeg", "webp", "png", "gif"])
async def test_a_picture_has_the_format_that_was_asked_for(asked: str, tmp_path: Path) -> None:
    runner = model(URI, {"output_format": PROMPT}, folder=tmp_path)

    [file] = all_of(File, await run(runner, output_format=asked))

    with Image.open(io.BytesIO(file.data)) as image:
        assert image.format == {"jpg": "JPEG"}.get(asked, asked.upper())


async def test_as_many_files_come_as_were_asked_for(tmp_path: Path) -> None:
    inputs = {"num_outputs": {"type": "integer", "default": 1}, "prompt": PROMPT}
    runner = model({"type": "array", "items": URI}, inputs, folder=tmp_path)

    one, three, many = [
        all_of(File, await run(runner, prompt="a heron", **given))
        for given in ({}, {"num_outputs": 3}, {"num_outputs": 10**6})
    ]

    assert (len(one), len(three), len(many)) == (1, 3, wishes.MAX_COUNT)
    assert len({file.data for file in three}) == len({file.name for file in three}) == 3


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"width": 64, "height": 32}, (64, 32)),
        ({"size": "64x48"}, (64, 48)),
        ({"aspect_ratio": "2:1", "megapixels": "1"}, (136, 68)),
        ({"aspect_ratio": "9:16", "resolution": "720p"}, (72, 128)),
        ({"aspect_ratio": "portrait"}, (72, 128)),
        ({"image": "https://a/p"}, (90, 60)),
        ({"image": "https://a/p", "scale": 0.5}, (46, 30)),
        ({}, (96, 96)),
    ],
)
async def test_a_picture_has_the_shape_that_was_asked_for(
    given: dict[str, Any], size: tuple[int, int], tmp_path: Path
) -> None:
    inputs: dict[str, Any] = {
        **{name: {"type": "integer"} for name in ("width", "height")},
        **dict.fromkeys(("size", "aspect_ratio", "megapixels", "resolution"), PROMPT),
        "image": URI,
        "scale": {"type": "number"},
    }
    runner = model(URI, inputs, folder=tmp_path)

    steps = await run(runner, FakeContext(files={"https://a/p": picture()}), **given)

    [file] = all_of(File, steps)
    with Image.open(io.BytesIO(file.data)) as image:
        assert image.size == pytest.approx(size, abs=2)


async def test_a_smaller_picture_than_was_asked_for_is_logged(tmp_path: Path) -> None:
    inputs = {"width": {"type": "integer"}, "height": {"type": "integer"}}
    runner = model(URI, inputs, folder=tmp_path)

    steps = await run(runner, width=4000, height=4000)

    assert Log("Kept small: 96x96 pixels instead of 4000x4000.") in steps


async def test_a_clip_begins_and_ends_with_the_pictures_given(tmp_path: Path) -> None:
    inputs = {
        "prompt": PROMPT,
        "start_image": URI,
        "end_image": URI,
        "duration": {"type": "integer"},
    }
    runner = model(URI, inputs, name="video", folder=tmp_path)
    red, blue = picture((200, 20, 30)), picture((20, 40, 200))
    context = FakeContext(files={"https://a/red": red, "https://a/blue": blue})

    steps = await run(
        runner,
        context,
        prompt="a heron",
        start_image="https://a/red",
        end_image="https://a/blue",
        duration=9,
    )

    clip = clip_in(steps)
    assert clip.first == pytest.approx((200, 20, 30), abs=25)
    assert clip.last == pytest.approx((20, 40, 200), abs=25)
    assert clip.ratio == pytest.approx(3 / 2, rel=0.05)
    assert clip.seconds == pytest.approx(wishes.MAX_CLIP_SECONDS, abs=0.05)


async def test_a_sound_is_as_long_as_was_asked_for(tmp_path: Path) -> None:
    runner = model(URI, {"duration": {"type": "number"}}, name="musicgen", folder=tmp_path)

    [file] = all_of(File, await run(runner, duration=0.3))

    with av.open(io.BytesIO(file.data)) as container:
        assert container.duration == pytest.approx(300_000, rel=0.05)
