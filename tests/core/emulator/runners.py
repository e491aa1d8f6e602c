"""Tiny, fast models that the emulator is tested with; none of them needs anything drawn."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

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
    Token,
    Value,
)

TEXT_OUTPUT = {
    "type": "array",
    "title": "Output",
    "items": {"type": "string"},
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}
FILES_OUTPUT = {
    "type": "array",
    "title": "Output",
    "items": {"type": "string", "format": "uri"},
}

ODD_TEXTS = [
    "two\nlines",
    "carriage\rreturn",
    "both\r\nof them",
    "line\u2028separator",
    "next\u0085line",
    " leading space",
    "🦊 é 漢字 e\u0301",
    "https://example.com/a.png",
    "data: x",
    "event: done",
    "\n",
    "end",
]
"""What `ODD` says, a token each."""


def picture(index: int, size: int) -> bytes:
    """Return the bytes of what `PICTURES` puts out: different ones for each picture."""
    seed = hashlib.sha256(str(index).encode()).digest()
    return (b"\x89PNG\r\n\x1a\n" + seed * (size // len(seed) + 1))[:size]


def version_of(name: str) -> str:
    """Return a model's version."""
    return hashlib.sha256(name.encode()).hexdigest()


def _card(owner: str, name: str, properties: dict[str, Any], **more: Any) -> ModelCard:
    required = [name for name, field in properties.items() if field.pop("required", False)]
    schema = {"type": "object", "title": "Input", "properties": properties}
    if required:
        schema["required"] = required
    return ModelCard(
        owner=owner,
        name=name,
        description=f"A tiny model for tests: {name}.",
        input=schema,
        output=more.pop("output", TEXT_OUTPUT),
        version=version_of(name),
        **more,
    )


async def _say_words(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    yield Log(f"Using seed: {context.seed}")
    count = 0
    for word in f"Hello {given['prompt']}".split(" "):
        await context.sleep(0.1)
        yield Token(f"{word} ")
        count += 1
    yield Metric("token_output_count", count)


WORDS = Runner(
    _card(
        "meta",
        "words",
        {
            "prompt": {"type": "string", "default": "you"},
            "temperature": {"type": "number", "minimum": 0, "maximum": 5, "default": 1},
            "seed": {"type": "integer", "nullable": True},
        },
        is_official=True,
        example_input={"prompt": "example"},
        collections=("language-models",),
        created_at="2024-04-01T00:00:00.000000Z",
    ),
    _say_words,
)


async def _make_pictures(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    if given.get("image"):
        data = await context.fetch(given["image"])
        yield Log(f"image: {hashlib.sha256(data).hexdigest()}")
    for done in range(1, 5):
        await context.sleep(0.1)
        yield Progress(done, 4)
    for index in range(given["num_outputs"]):
        yield File(picture(index, given["size"]), f"out-{index}.png", "image/png")
    yield Metric("image_count", given["num_outputs"])


PICTURES = Runner(
    _card(
        "painters",
        "pictures",
        {
            "prompt": {"type": "string", "required": True},
            "num_outputs": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
            "size": {"type": "integer", "minimum": 32, "default": 1000},
            "aspect_ratio": {
                "allOf": [{"$ref": "#/components/schemas/aspect_ratio"}],
                "default": "1:1",
            },
            "image": {"type": "string", "format": "uri"},
        },
        output=FILES_OUTPUT,
        schemas={
            "aspect_ratio": {"type": "string", "title": "aspect_ratio", "enum": ["1:1", "2:1"]}
        },
        is_official=True,
        example_input={"prompt": "a fox"},
        collections=("text-to-image",),
        created_at="2024-03-01T00:00:00.000000Z",
    ),
    _make_pictures,
)


async def _greet(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    yield Value(f"hello {given['text']}")


GREETER = Runner(
    _card(
        "strangers",
        "greeter",
        {"text": {"type": "string", "required": True}},
        output={"type": "string", "title": "Output"},
    ),
    _greet,
)
"""A community model: it runs by its version only."""


async def _break(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    yield Log("Getting ready")
    yield Token("so far ")
    match given["how"]:
        case "fails":
            raise ModelError("Out of memory (E1001)")
        case "crashes":
            raise ZeroDivisionError("a mistake of the model")
        case "when stopped":
            try:
                await context.sleep(1e6)
            finally:
                raise ZeroDivisionError("a mistake while cleaning up")
        case "never stops":
            while True:
                try:
                    await context.sleep(1)
                except BaseException:
                    yield Token("I go on ")


BROKEN = Runner(_card("strangers", "broken", {"how": {"type": "string"}}, is_official=True), _break)


async def _take_long(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    for number in range(given["seconds"]):
        yield Token(f"{number} ")
        await context.sleep(1)


SLOW = Runner(
    _card(
        "strangers",
        "slow",
        {"seconds": {"type": "integer", "default": 100_000}},
        is_official=True,
    ),
    _take_long,
)
"""Says a number each second, for as long as it is told to."""


async def _be_odd(given: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    for text in given.get("texts") or ODD_TEXTS:
        yield Token(text)


ODD = Runner(
    _card(
        "strangers",
        "odd",
        {"texts": {"type": "array", "items": {"type": "string"}}},
        is_official=True,
    ),
    _be_odd,
)

OWN = Runner(_card("emulator", "own", {"text": {"type": "string", "default": "me"}}), _greet)
"""A model of the account that the token belongs to."""

RUNNERS = (WORDS, PICTURES, GREETER, BROKEN, SLOW, ODD, OWN)
