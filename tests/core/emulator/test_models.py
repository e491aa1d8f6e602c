"""The emulated models take what the real ones take, and make what was asked for."""

import asyncio
import io
import json
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from core.emulator.models import RUNNERS, filming
from core.emulator.runner import (
    File,
    Log,
    Metric,
    ModelCard,
    ModelError,
    Progress,
    Runner,
    Step,
    Token,
)
from core.emulator.validation import validated
from core.emulator.words import Message, answer

SCHEMAS = Path(__file__).parents[3].parent / "shared" / "schemas"

BY_ID = {runner.card.id: runner for runner in RUNNERS}
IMAGES = [name for name, runner in BY_ID.items() if "text-to-image" in runner.card.collections]
VIDEOS = [name for name, runner in BY_ID.items() if "text-to-video" in runner.card.collections]
CHATS = [name for name, runner in BY_ID.items() if "language-models" in runner.card.collections]

SMALL: dict[str, dict[str, Any]] = {
    "black-forest-labs/flux-schnell": {"megapixels": "0.25"},
    "black-forest-labs/flux-1.1-pro": {"aspect_ratio": "custom", "width": 256, "height": 256},
    "black-forest-labs/flux-2-flex": {"aspect_ratio": "custom", "width": 256, "height": 256},
    "bytedance/seedream-4.5": {"size": "custom", "width": 1024, "height": 1024},
    "ideogram-ai/ideogram-v3-turbo": {"resolution": "896x960"},
    "qwen/qwen-image": {"image_size": "optimize_for_speed"},
    "stability-ai/sdxl": {"width": 256, "height": 256},
}
"""Settings that keep a model's pictures small, so that a test needn't wait for them."""

RED, BLUE = (200, 20, 30), (20, 40, 200)


@dataclass
class FakeContext:
    """A server that has these files, and no time to lose."""

    seed: int = 7
    files: Mapping[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    slept: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)

    async def fetch(self, uri: str) -> bytes:
        self.fetched.append(uri)
        if uri not in self.files:
            raise ModelError(f"Can't read {uri}.")
        return self.files[uri]


async def run(model: str, context: FakeContext | None = None, **given: Any) -> list[Step]:
    runner = BY_ID[model]
    full = validated(runner.card, given)
    return [step async for step in runner.run(full, context or FakeContext())]


def all_of(kind: type[Any], steps: Sequence[Step]) -> list[Any]:
    return [step for step in steps if isinstance(step, kind)]


def pictures_in(steps: Sequence[Step]) -> list[tuple[str, tuple[int, int]]]:
    """The format and size of each picture, as they are found in the files."""
    images = [Image.open(io.BytesIO(file.data)) for file in all_of(File, steps)]
    return [(image.format or "", image.size) for image in images]


def picture(colour: tuple[int, int, int] = RED, size: tuple[int, int] = (90, 60)) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    return data.getvalue()


def real(card: ModelCard) -> dict[str, Any]:
    if not SCHEMAS.is_dir():
        pytest.skip(f"the models' real schemas aren't here ({SCHEMAS})")
    document = json.loads((SCHEMAS / f"{card.id.replace('/', '__')}.json").read_text())
    schemas: dict[str, Any] = document["openapi_schema"]["components"]["schemas"]
    return {**document, "schemas": schemas}


def without_descriptions(schema: Any) -> Any:
    match schema:
        case dict():
            return {
                name: without_descriptions(value)
                for name, value in schema.items()
                if not (name == "description" and isinstance(value, str))
            }
        case list():
            return [without_descriptions(item) for item in schema]
        case _:
            return schema


def descriptions(schema: Any) -> set[str]:
    match schema:
        case dict():
            own = schema.get("description")
            nested = set().union(*map(descriptions, schema.values()))
            return nested | ({own} if isinstance(own, str) else set())
        case list():
            return set().union(*map(descriptions, schema))
        case _:
            return set()


# Cards


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.card.id)
def test_a_model_takes_and_gives_exactly_what_the_real_one_does(runner: Runner) -> None:
    card = runner.card
    schemas = real(card)["schemas"]

    declared = schemas["Input"]
    known = [name for name in card.schemas if name in schemas]

    assert card.input["properties"].keys() == declared["properties"].keys()
    assert without_descriptions(card.input["properties"]) == without_descriptions(
        declared["properties"]
    )
    assert card.input.get("required", []) == declared.get("required", [])
    assert {name: card.schemas[name] for name in known} == {
        name: without_descriptions(schemas[name]) for name in known
    }
    assert card.output == schemas.get("Output", card.output)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.card.id)
def test_descriptions_are_our_own(runner: Runner) -> None:
    card = runner.card
    document = real(card)

    ours = descriptions([card.input, card.schemas]) | {card.description}
    theirs = descriptions(document["schemas"]) | {document.get("description")}

    assert ours & theirs == set()


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.card.id)
def test_a_real_version_keeps_its_id(runner: Runner) -> None:
    document = real(runner.card)

    version = runner.card.version

    assert len(bytes.fromhex(version)) == 32
    assert version == document.get("version", version)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.card.id)
def test_every_input_describes_itself_and_every_choice_offers_its_default(runner: Runner) -> None:
    card = runner.card

    fields = card.input["properties"]

    assert [name for name, declared in fields.items() if not declared["description"]] == []
    for name, schema in card.schemas.items():
        assert fields[name]["allOf"] == [{"$ref": f"#/components/schemas/{name}"}]
        assert fields[name]["default"] in schema["enum"]
        assert len(set(schema["enum"])) == len(schema["enum"])


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.card.id)
def test_an_example_is_an_input_that_the_model_takes(runner: Runner) -> None:
    example = runner.card.example_input

    full = validated(runner.card, example)

    assert example["prompt"]
    assert full.items() >= example.items()
    assert example.keys() <= runner.card.input["properties"].keys()


def test_all_models_are_official_but_one_that_runs_by_its_version() -> None:
    community = [name for name, runner in BY_ID.items() if not runner.card.is_official]

    assert community == ["stability-ai/sdxl"]
    assert (len(IMAGES), len(VIDEOS), len(CHATS)) == (9, 6, 7)
    assert len(BY_ID) == len(RUNNERS) == 22


# Pictures


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        ("black-forest-labs/flux-schnell", {}, [("WEBP", (1024, 1024))]),
        (
            "black-forest-labs/flux-schnell",
            {"num_outputs": 2, "megapixels": "0.25", "aspect_ratio": "9:16"},
            [("WEBP", (384, 672))] * 2,
        ),
        (
            "black-forest-labs/flux-schnell",
            {"aspect_ratio": "21:9", "output_format": "png"},
            [("PNG", (1536, 640))],
        ),
        (
            "black-forest-labs/flux-1.1-pro",
            {"aspect_ratio": "custom", "width": 300, "height": 500, "output_format": "jpg"},
            [("JPEG", (288, 512))],
        ),
        ("black-forest-labs/flux-1.1-pro", {"aspect_ratio": "4:3"}, [("WEBP", (1152, 896))]),
        (
            "black-forest-labs/flux-2-flex",
            {"aspect_ratio": "16:9", "resolution": "0.5 MP"},
            [("WEBP", (960, 544))],
        ),
        ("google/nano-banana-2", {"aspect_ratio": "1:4"}, [("JPEG", (512, 2048))]),
        (
            "google/nano-banana-2",
            {"resolution": "2K", "output_format": "png"},
            [("PNG", (2048, 2048))],
        ),
        (
            "bytedance/seedream-4.5",
            {"size": "custom", "width": 1025, "height": 1100},
            [("JPEG", (1025, 1100))],
        ),
        ("bytedance/seedream-4.5", {"aspect_ratio": "16:9"}, [("JPEG", (2736, 1536))]),
        ("ideogram-ai/ideogram-v3-turbo", {"aspect_ratio": "10:16"}, [("PNG", (800, 1280))]),
        ("ideogram-ai/ideogram-v3-turbo", {"resolution": "576x1408"}, [("PNG", (576, 1408))]),
        ("recraft-ai/recraft-v4", {"size": "832x1280"}, [("WEBP", (832, 1280))]),
        (
            "recraft-ai/recraft-v4",
            {"aspect_ratio": "2:1", "size": "832x1280"},
            [("WEBP", (1536, 768))],
        ),
        ("qwen/qwen-image", {"aspect_ratio": "2:3"}, [("WEBP", (1056, 1584))]),
        ("qwen/qwen-image", {"image_size": "optimize_for_speed"}, [("WEBP", (1024, 576))]),
        (
            "stability-ai/sdxl",
            {"width": 330, "height": 200, "num_outputs": 2},
            [("PNG", (328, 200))] * 2,
        ),
    ],
)
async def test_pictures_come_in_the_number_size_and_format_that_was_asked_for(
    model: str, given: dict[str, Any], expected: list[tuple[str, tuple[int, int]]]
) -> None:
    steps = await run(model, prompt="a heron", **given)

    assert pictures_in(steps) == expected
    assert steps[-1] == Metric("image_count", len(expected))


async def test_a_series_has_as_many_pictures_as_the_given_ones_leave_room_for() -> None:
    context = FakeContext(files={"https://a/b.png": picture()})
    small = {"size": "custom", "width": 1024, "height": 1024}
    series = {**small, "sequential_image_generation": "auto", "max_images": 3}
    crowd = {**series, "image_input": ["https://a/b.png"] * 13}

    alone = await run("bytedance/seedream-4.5", prompt="a heron", **small, max_images=3)
    some = await run("bytedance/seedream-4.5", context, prompt="a heron", **series)
    few = await run("bytedance/seedream-4.5", context, prompt="a heron", **crowd)

    assert [len(all_of(File, steps)) for steps in (alone, some, few)] == [1, 3, 2]
    assert [file.name for file in all_of(File, some)] == ["out-0.jpg", "out-1.jpg", "out-2.jpg"]
    assert len({file.data for file in all_of(File, some)}) == 3


@pytest.mark.parametrize("model", IMAGES)
async def test_the_same_seed_makes_the_same_picture_and_another_one_does_not(model: str) -> None:
    small = SMALL.get(model, {})

    first, same, other = [
        all_of(File, await run(model, FakeContext(seed=seed), prompt="a heron", **small))[0]
        for seed in (1, 1, 2)
    ]

    assert first == same
    assert first.data != other.data


@pytest.mark.parametrize("model", IMAGES)
async def test_a_model_with_a_seed_logs_it_then_shows_its_progress_then_its_picture(
    model: str,
) -> None:
    has_seed = "seed" in BY_ID[model].card.input["properties"]
    context = FakeContext(seed=41)

    steps = await run(model, context, prompt="a heron", **SMALL.get(model, {}))

    bar = all_of(Progress, steps)
    assert all_of(Log, steps) == ([Log("Using seed: 41")] if has_seed else [])
    assert [step.done for step in bar] == list(range(1, bar[0].total + 1))
    assert [type(step) for step in steps[-2:]] == [File, Metric]
    assert 0.4 < context.slept < 10


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("black-forest-labs/flux-1.1-pro", {"image_prompt": "https://a/b.png"}),
        ("black-forest-labs/flux-2-flex", {"input_images": ["https://a/b.png"]}),
        ("google/nano-banana-2", {"image_input": ["https://a/b.png"]}),
        (
            "bytedance/seedream-4.5",
            {"image_input": ["https://a/b.png"], **SMALL["bytedance/seedream-4.5"]},
        ),
        (
            "ideogram-ai/ideogram-v3-turbo",
            {"image": "https://a/b.png", "mask": "https://a/b.png"},
        ),
        ("qwen/qwen-image", {"image": "https://a/b.png"}),
        ("stability-ai/sdxl", {"image": "https://a/b.png"}),
    ],
)
async def test_an_input_picture_is_fetched_and_seen_in_the_output(
    model: str, given: dict[str, Any]
) -> None:
    red = FakeContext(files={"https://a/b.png": picture(RED)})
    blue = FakeContext(files={"https://a/b.png": picture(BLUE)})

    from_red = await run(model, red, prompt="a heron", **given)
    from_blue = await run(model, blue, prompt="a heron", **given)

    assert red.fetched[0] == "https://a/b.png"
    assert all_of(File, from_red)[0].data != all_of(File, from_blue)[0].data


@pytest.mark.parametrize(
    ("model", "given", "size"),
    [
        (
            "black-forest-labs/flux-2-flex",
            {"input_images": ["https://a/b.png"], "aspect_ratio": "match_input_image"},
            (1248, 832),
        ),
        (
            "black-forest-labs/flux-2-flex",
            {
                "input_images": ["https://a/b.png"],
                "aspect_ratio": "match_input_image",
                "resolution": "match_input_image",
            },
            (880, 592),
        ),
        ("google/nano-banana-2", {"image_input": ["https://a/b.png"]}, (1248, 832)),
        ("bytedance/seedream-4.5", {"image_input": ["https://a/b.png"]}, (2512, 1680)),
        ("stability-ai/sdxl", {"image": "https://a/b.png"}, (88, 56)),
    ],
)
async def test_a_picture_can_take_its_shape_from_the_one_given(
    model: str, given: dict[str, Any], size: tuple[int, int]
) -> None:
    context = FakeContext(files={"https://a/b.png": picture(size=(90, 60))})

    steps = await run(model, context, prompt="a heron", **given)

    assert pictures_in(steps)[0][1] == size


@pytest.mark.parametrize("model", IMAGES)
async def test_an_unsafe_prompt_fails_like_one_that_the_safety_checker_stops(model: str) -> None:
    with pytest.raises(ModelError, match="NSFW"):
        await run(model, prompt="an NSFW heron")


async def test_a_safety_checker_that_is_off_lets_everything_through() -> None:
    steps = await run(
        "stability-ai/sdxl", prompt="nsfw", width=64, height=64, disable_safety_checker=True
    )

    assert len(all_of(File, steps)) == 1


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("stability-ai/sdxl", {"width": 20_000, "height": 20_000}, "Out of memory"),
        ("stability-ai/sdxl", {"width": -8}, "at least 8"),
        ("stability-ai/sdxl", {"mask": "https://a/b.png"}, "needs the image"),
        ("ideogram-ai/ideogram-v3-turbo", {"image": "https://a/b.png"}, "an image and a mask"),
        ("black-forest-labs/flux-2-flex", {"input_images": ["https://a/b.png"] * 11}, "at most 10"),
        ("google/nano-banana-2", {"image_input": ["https://a/lost.png"]}, "Can't read"),
        ("google/nano-banana-2", {"image_input": ["https://a/b.txt"]}, "can't be read"),
    ],
)
async def test_what_no_picture_can_be_made_of_fails_with_a_reason(
    model: str, given: dict[str, Any], message: str
) -> None:
    context = FakeContext(files={"https://a/b.png": picture(), "https://a/b.txt": b"no picture"})

    with pytest.raises(ModelError, match=message):
        await run(model, context, prompt="a heron", **given)


# Clips


@dataclass(frozen=True)
class Clip:
    seconds: float
    ratio: float
    first: tuple[int, int, int]
    last: tuple[int, int, int]


def clip_in(steps: Sequence[Step]) -> Clip:
    """A clip's length and shape, and the colours in the middle of its first and last frame."""
    (file,) = all_of(File, steps)
    assert (file.name, file.media_type) == ("out-0.mp4", "video/mp4")
    with av.open(io.BytesIO(file.data)) as container:
        frames = [frame.reformat(format="rgb24") for frame in container.decode(video=0)]
        rate = container.streams.video[0].average_rate
    assert rate is not None
    width, height = frames[0].width, frames[0].height
    middles = [
        tuple(int(part) for part in frame.to_ndarray()[height // 2, width // 2])
        for frame in (frames[0], frames[-1])
    ]
    return Clip(len(frames) / float(rate), width / height, *middles)


@pytest.fixture
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames as small as a thumbnail, so that a test needn't wait for its clip."""
    monkeypatch.setattr(filming, "MAX_FRAME", (160, 90))


@pytest.mark.usefixtures("small_frames")
@pytest.mark.parametrize(
    ("model", "given", "seconds", "ratio"),
    [
        ("kwaivgi/kling-v2.5-turbo-pro", {}, 5, 16 / 9),
        ("kwaivgi/kling-v2.5-turbo-pro", {"aspect_ratio": "1:1", "duration": 10}, 10, 1),
        ("google/veo-3.1", {"aspect_ratio": "9:16", "duration": 4}, 4, 9 / 16),
        ("wan-video/wan-2.7-t2v", {"aspect_ratio": "4:3", "duration": 3}, 3, 4 / 3),
        ("minimax/hailuo-2.3", {}, 6, 16 / 9),
        ("bytedance/seedance-2.5", {"aspect_ratio": "21:9", "duration": 2}, 2, 21 / 9),
        ("bytedance/seedance-2.5", {"aspect_ratio": "adaptive", "duration": -1}, 5, 16 / 9),
        ("luma/ray", {"aspect_ratio": "3:4"}, 5, 3 / 4),
    ],
)
async def test_a_clip_has_the_length_and_shape_that_was_asked_for(
    model: str, given: dict[str, Any], seconds: float, ratio: float
) -> None:
    context = FakeContext()

    steps = await run(model, context, prompt="a heron takes off", **given)

    clip = clip_in(steps)
    assert clip.seconds == pytest.approx(seconds, abs=0.05)
    assert clip.ratio == pytest.approx(ratio, rel=0.03)
    assert Metric("video_output_duration_seconds", seconds) in steps
    assert [step.done for step in all_of(Progress, steps)] == list(range(1, 11))
    assert 9 < context.slept <= 25.1


@pytest.mark.usefixtures("small_frames")
@pytest.mark.parametrize(
    ("model", "start", "end", "given"),
    [
        ("kwaivgi/kling-v2.5-turbo-pro", "start_image", "end_image", {}),
        ("kwaivgi/kling-v2.5-turbo-pro", "image", "end_image", {}),
        ("google/veo-3.1", "image", "last_frame", {"duration": 4}),
        ("minimax/hailuo-2.3", "first_frame_image", None, {}),
        ("bytedance/seedance-2.5", "image", "last_frame_image", {"duration": 2}),
        ("luma/ray", "start_image", "end_image", {}),
        ("luma/ray", "start_image_url", "end_image_url", {}),
    ],
)
async def test_a_clip_begins_and_ends_with_the_pictures_given(
    model: str, start: str, end: str | None, given: dict[str, Any]
) -> None:
    context = FakeContext(files={"https://a/start": picture(RED), "https://a/end": picture(BLUE)})
    frames = {start: "https://a/start"} | ({end: "https://a/end"} if end else {})

    clip = clip_in(await run(model, context, prompt="a heron takes off", **given, **frames))

    assert clip.first == pytest.approx(RED, abs=25)
    assert context.fetched == list(frames.values())
    if end:
        assert clip.last == pytest.approx(BLUE, abs=25)


@pytest.mark.usefixtures("small_frames")
@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("kwaivgi/kling-v2.5-turbo-pro", {"start_image": "https://a/start"}),
        ("minimax/hailuo-2.3", {"first_frame_image": "https://a/start"}),
        (
            "bytedance/seedance-2.5",
            {"image": "https://a/start", "aspect_ratio": "adaptive", "duration": 1},
        ),
        ("luma/ray", {"start_image": "https://a/start"}),
    ],
)
async def test_a_start_picture_gives_a_clip_its_shape(model: str, given: dict[str, Any]) -> None:
    context = FakeContext(files={"https://a/start": picture(size=(60, 90))})

    clip = clip_in(await run(model, context, prompt="a heron takes off", **given))

    assert clip.ratio == pytest.approx(2 / 3, rel=0.03)


@pytest.mark.usefixtures("small_frames")
async def test_a_clip_that_loops_ends_as_it_begins() -> None:
    clip = clip_in(await run("luma/ray", prompt="a heron takes off", loop=True))

    assert clip.last == pytest.approx(clip.first, abs=12)


async def test_a_clip_in_720p_has_720_lines() -> None:
    steps = await run(
        "bytedance/seedance-2.5",
        prompt="a heron takes off",
        resolution="720p",
        duration=1,
        generate_audio=False,
    )

    (file,) = all_of(File, steps)
    with av.open(io.BytesIO(file.data)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (1280, 720)
    assert all_of(Log, steps) == [Log("Using seed: 7")]


async def test_a_clip_in_1080p_says_that_it_has_fewer_lines() -> None:
    runner = BY_ID["minimax/hailuo-2.3"]
    full = validated(runner.card, {"prompt": "a heron takes off", "resolution": "1080p"})

    async with aclosing(runner.run(full, FakeContext())) as steps:
        first = await anext(steps)

    assert first == Log("Frames are kept to about a megapixel: 1366x768 instead of 1920x1080.")


@pytest.mark.usefixtures("small_frames")
async def test_the_same_seed_makes_the_same_clip() -> None:
    given = {"prompt": "a heron takes off", "duration": 1}

    first, same, other = [
        all_of(File, await run("bytedance/seedance-2.5", FakeContext(seed=seed), **given))[0]
        for seed in (1, 1, 2)
    ]

    assert first.data == same.data
    assert first.data != other.data


@pytest.mark.usefixtures("small_frames")
async def test_a_clip_that_should_have_sound_says_that_it_has_none() -> None:
    steps = await run("bytedance/seedance-2.5", prompt="a heron", duration=1)

    assert Log("The emulator's clips are silent.") in steps


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("google/veo-3.1", {"reference_images": ["https://a/b"] * 4, "prompt": "x"}, "at most"),
        ("google/veo-3.1", {"reference_images": ["https://a/b"], "duration": 4}, "16:9"),
        ("minimax/hailuo-2.3", {"duration": 10, "resolution": "1080p"}, "768p"),
        ("bytedance/seedance-2.5", {"prompt": " "}, "Give a prompt"),
        ("bytedance/seedance-2.5", {"last_frame_image": "https://a/b"}, "first one"),
        (
            "bytedance/seedance-2.5",
            {"image": "https://a/b", "reference_images": ["https://a/b"]},
            "combined",
        ),
        ("bytedance/seedance-2.5", {"reference_audios": ["https://a/b"]}, "need a reference"),
        ("wan-video/wan-2.7-t2v", {"audio": "https://a/lost.wav"}, "Can't read"),
        ("luma/ray", {"start_video_id": "abc"}, "no generation abc"),
    ],
)
async def test_what_no_clip_can_be_made_of_fails_with_a_reason(
    model: str, given: dict[str, Any], message: str
) -> None:
    context = FakeContext(files={"https://a/b": picture()})

    with pytest.raises(ModelError, match=message):
        await run(model, context, **{"prompt": "a heron", **given})


async def test_a_film_that_is_cancelled_ends_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def long_film(*_: Any, on_frame: Any, **__: Any) -> bytes:
        try:
            for done in range(200):
                on_frame(done + 1, 200)
                begun.set()
                time.sleep(0.01)
        finally:
            ended.set()
        return b""

    monkeypatch.setattr(filming, "film", long_film)
    prediction = asyncio.create_task(run("luma/ray", prompt="a heron"))
    assert await asyncio.to_thread(begun.wait, 2)

    prediction.cancel()
    await asyncio.wait({prediction}, timeout=0.2)

    assert prediction.cancelled()
    assert ended.is_set()


@pytest.mark.usefixtures("small_frames")
async def test_a_real_film_that_is_closed_early_is_over_at_once() -> None:
    runner = BY_ID["bytedance/seedance-2.5"]
    full = validated(runner.card, {"prompt": "a heron", "duration": 30})
    steps: list[Step] = []

    async with aclosing(runner.run(full, FakeContext())) as running:
        async for step in running:
            steps.append(step)
            if isinstance(step, Progress):
                break
        begun = asyncio.get_running_loop().time()
    seconds = asyncio.get_running_loop().time() - begun

    assert all_of(File, steps) == []
    assert seconds < 0.2


async def test_a_film_that_fails_fails_its_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_film(*_: Any, **__: Any) -> bytes:
        raise ModelError("The camera fell.")

    monkeypatch.setattr(filming, "film", broken_film)

    with pytest.raises(ModelError, match="The camera fell"):
        await run("luma/ray", prompt="a heron")


# Answers


def text_of(steps: Sequence[Step]) -> str:
    return "".join(token.text for token in all_of(Token, steps))


def metrics_of(steps: Sequence[Step]) -> dict[str, float]:
    return {metric.name: metric.value for metric in all_of(Metric, steps)}


@pytest.mark.parametrize("model", CHATS)
async def test_the_pieces_of_an_answer_join_to_it(model: str) -> None:
    question = "Why is the sky blue?"
    system = "You are a helpful assistant." if "llama-2" in model else ""
    whole = answer([Message("user", question)], system_prompt=system, seed=7)
    limit = {"max_new_tokens": 5000} if "llama-2" in model else {}
    context = FakeContext()

    steps = await run(model, context, prompt=question, **limit)

    assert text_of(steps).endswith(whole)
    assert len(all_of(Token, steps)) > 5
    assert metrics_of(steps)["token_output_count"] == len(all_of(Token, steps))
    assert metrics_of(steps)["token_input_count"] >= 6
    assert 20 < len(all_of(Token, steps)) / context.slept < 90


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        ("meta/meta-llama-3-70b-instruct", "max_tokens"),
        ("meta/meta-llama-3-8b-instruct", "max_tokens"),
        ("meta/llama-2-70b-chat", "max_new_tokens"),
        ("openai/gpt-5.2", "max_completion_tokens"),
        ("google/gemini-2.5-flash", "max_output_tokens"),
        ("deepseek-ai/deepseek-r1", "max_tokens"),
    ],
)
async def test_an_answer_is_cut_at_its_most_tokens(model: str, limit: str) -> None:
    whole = await run(model, prompt="Why is the sky blue?", **{limit: 10_000})

    short = await run(model, prompt="Why is the sky blue?", **{limit: 5})

    assert len(all_of(Token, short)) == 5
    assert text_of(whole).startswith(text_of(short))


@pytest.mark.parametrize(
    ("model", "least"),
    [("meta/meta-llama-3-8b-instruct", "min_tokens"), ("meta/llama-2-70b-chat", "min_new_tokens")],
)
async def test_an_answer_goes_on_until_its_least_tokens(model: str, least: str) -> None:
    most = least.replace("min", "max")

    steps = await run(model, prompt="Hi", **{least: 600, most: 700})

    assert 600 <= len(all_of(Token, steps)) <= 700


@pytest.mark.parametrize(
    ("model", "system"),
    [
        ("meta/llama-2-70b-chat", "system_prompt"),
        ("anthropic/claude-4.5-sonnet", "system_prompt"),
        ("openai/gpt-5.2", "system_prompt"),
        ("google/gemini-2.5-flash", "system_instruction"),
    ],
)
async def test_a_system_prompt_is_heard(model: str, system: str) -> None:
    manner = "Answer in one sentence."
    limit = {"max_new_tokens": 5000} if "llama-2" in model else {}

    steps = await run(model, prompt="Why is the sky blue?", **{system: manner}, **limit)

    assert text_of(steps) == answer(
        [Message("user", "Why is the sky blue?")], system_prompt=manner, seed=7
    )


CONVERSATION = [
    Message("user", "Name a bird."),
    Message("assistant", "A heron."),
    Message("user", "What does it eat?"),
]


async def test_messages_are_the_conversation_and_go_before_the_prompt() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Name a bird."},
        {"role": "assistant", "content": "A heron."},
        {"role": "user", "content": [{"type": "text", "text": "What does it eat?"}]},
    ]

    steps = await run(
        "openai/gpt-5.2", messages=messages, prompt="ignored", system_prompt="ignored"
    )

    assert text_of(steps) == answer(CONVERSATION, system_prompt="Be brief.", seed=7)


async def test_a_conversation_written_out_as_one_prompt_is_read_back() -> None:
    prompt = "User: Name a bird.\n\nAssistant: A heron.\n\nUser: What does it eat?\n\nAssistant:"

    steps = await run("anthropic/claude-4.5-sonnet", prompt=prompt)

    assert text_of(steps) == answer(CONVERSATION, seed=7)


async def test_a_template_is_filled_with_the_prompt() -> None:
    template = "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    template += "<|start_header_id|>user<|end_header_id|>\n\n{prompt}<|eot_id|>"

    steps = await run(
        "meta/meta-llama-3-8b-instruct", prompt="Name a bird.", prompt_template=template
    )

    assert text_of(steps) == answer(CONVERSATION[:1], system_prompt="Be brief.", seed=7)


async def test_an_answer_ends_before_a_stop_sequence() -> None:
    whole = text_of(await run("meta/llama-2-70b-chat", prompt="Why is the sky blue?"))
    stop = whole[10:14]

    steps = await run(
        "meta/llama-2-70b-chat", prompt="Why is the sky blue?", stop_sequences=f"§§,{stop}"
    )

    assert text_of(steps) == whole[: whole.index(stop)]


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("anthropic/claude-4.5-sonnet", {"image": "https://a/b.png"}),
        ("openai/gpt-5.2", {"image_input": ["https://a/b.png"]}),
        ("google/gemini-2.5-flash", {"images": ["https://a/b.png"], "videos": ["https://a/b.png"]}),
    ],
)
async def test_an_image_is_fetched_and_acknowledged(model: str, given: dict[str, Any]) -> None:
    context = FakeContext(files={"https://a/b.png": picture(size=(90, 60))})

    steps = await run(model, context, prompt="What is this?", **given)

    assert set(context.fetched) == {"https://a/b.png"}
    assert "90×60" in text_of(steps)


async def test_a_reasoning_model_thinks_aloud_first() -> None:
    steps = await run("deepseek-ai/deepseek-r1", prompt="Why is the sky blue?")

    thought, _, said = text_of(steps).partition("</think>")
    assert thought.startswith("<think>")
    assert said.strip()


async def test_more_effort_takes_longer_to_begin() -> None:
    none, most = FakeContext(), FakeContext()

    await run("openai/gpt-5.2", none, prompt="Hi", reasoning_effort="none")
    await run("openai/gpt-5.2", most, prompt="Hi", reasoning_effort="xhigh")

    assert most.slept > none.slept + 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Give a prompt"),
        ({"messages": [{"role": "robot", "content": "Hi"}]}, "role"),
        ({"messages": [{"role": "user", "content": 5}]}, "must be text"),
        ({"messages": [{"role": "system", "content": "Hi"}]}, "at least one"),
    ],
)
async def test_nothing_to_answer_fails_with_a_reason(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        await run("openai/gpt-5.2", **given)
