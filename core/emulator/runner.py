"""The seam between the emulated API and what makes its outputs: a card, a coroutine, its steps.

A `Runner` is a model: a `ModelCard` that describes it and a `run(input, context)` that yields
`Step`s. The server turns the steps into a prediction's output, logs and metrics; a runner knows
nothing of HTTP. A real local model can become a runner too.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar


class ModelError(Exception):
    """The model itself failed: the prediction ends as `failed` with this message as its error."""


@dataclass(frozen=True)
class Token:
    """One streamed piece of text output."""

    text: str


@dataclass(frozen=True)
class File:
    """One output file; `name` is the last part of its URL."""

    data: bytes = field(repr=False)
    name: str
    media_type: str


@dataclass(frozen=True)
class Value:
    """Any other JSON output, the whole of it so far; where a `File` stands in it, its URL will."""

    value: Any


@dataclass(frozen=True)
class Log:
    """One line of the prediction's logs, without its line end."""

    line: str


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps; it appears in the logs as a tqdm bar."""

    done: int
    total: int


@dataclass(frozen=True)
class Metric:
    """One entry of the prediction's metrics, such as `image_count` or `token_output_count`."""

    name: str
    value: float


Step: TypeAlias = Token | File | Value | Log | Progress | Metric


OnStep: TypeAlias = Callable[[int, int], None]
"""Told of steps done and all steps of something long; what it raises ends that."""


@dataclass(frozen=True)
class Draft:
    """A file that isn't made yet, for making it takes long: all that is known of it before."""

    name: str
    media_type: str
    make: Callable[[OnStep], bytes] = field(repr=False, compare=False)


T = TypeVar("T")


def replaced(output: Any, kind: type[T], replace: Callable[[T], Any]) -> Any:
    """Return a JSON output with something else in the place of each part of a kind, in order."""
    match output:
        case kind():
            return replace(output)
        case list():
            return [replaced(item, kind, replace) for item in output]
        case dict():
            return {name: replaced(item, kind, replace) for name, item in output.items()}
        case _:
            return output


def parts_of(output: Any, kind: type[T]) -> list[T]:
    """Return the parts of a kind that stand in a JSON output, in order."""
    found: list[T] = []
    replaced(output, kind, found.append)
    return found


class Context(Protocol):
    """What a runner may ask of the server while it runs."""

    @property
    def seed(self) -> int:
        """The input's explicit seed, or one that is drawn for this run."""

    async def sleep(self, seconds: float) -> None:
        """Take believable time: `seconds` divided by the emulator's speed."""

    async def fetch(self, uri: str) -> bytes:
        """Read an input file of at most 100 MB: a data URL, or one of this emulator's own URLs.

        Raises:
            ModelError: the file can't be read; the prediction fails with that message.
        """


@dataclass(frozen=True)
class ModelCard:
    """What the API says about a model.

    `input` and `output` are the JSON schemas `Input` and `Output` of the model's OpenAPI document,
    `schemas` the further ones that they refer to by `#/components/schemas/<name>`. A model that
    was given by its document has that as `document`, and shows it exactly as it is.
    """

    owner: str
    name: str
    description: str
    input: dict[str, Any]
    output: dict[str, Any]
    version: str  # 64 hex digits
    schemas: dict[str, Any] = field(default_factory=dict)
    is_official: bool = False
    run_count: int = 0
    example_input: dict[str, Any] = field(default_factory=dict)
    collections: tuple[str, ...] = ()  # slugs
    created_at: str = "2024-01-01T00:00:00.000000Z"
    github_url: str | None = None
    paper_url: str | None = None
    license_url: str | None = None
    cover: str | None = None  # the URL of a cover image
    cog_version: str = "0.9.4"
    document: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def makes_files(self) -> bool:
        """Whether its output is a file, or a list of them."""
        items = self.output.get("items")
        item_format = items.get("format") if isinstance(items, dict) else None
        return "uri" in (self.output.get("format"), item_format)


Run: TypeAlias = Callable[[Mapping[str, Any], Context], AsyncIterator[Step]]


@dataclass(frozen=True)
class Runner:
    """A model that can be run.

    `run` gets the validated input with its defaults filled in. Its task is cancelled when the
    prediction is canceled or meets its deadline, so work on the CPU belongs in a thread
    (`asyncio.to_thread`). Bad input that a schema can't express raises `ModelError`.

    `example` gives the output of the model's example at once, with `Draft`s in it for its files,
    or None if there can't be one. Without `example` the example is run.
    """

    card: ModelCard
    run: Run
    example: Callable[[], Any] | None = None
