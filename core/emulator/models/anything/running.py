"""Runs a model that is known by its schema alone."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from core.emulator.models.anything.composing import Composer
from core.emulator.models.anything.files import frame_size, picture_size
from core.emulator.models.anything.kinds import Makes
from core.emulator.models.anything.reading import Document
from core.emulator.models.anything.saying import TextModel
from core.emulator.models.anything.wishes import Wish, wish
from core.emulator.models.threads import Check, in_thread
from core.emulator.pictures import decode
from core.emulator.runner import (
    Context,
    Draft,
    File,
    Log,
    Metric,
    ModelCard,
    Progress,
    Step,
    Token,
    Value,
    parts_of,
    replaced,
)
from core.emulator.sounds import NOTE

_SECONDS = {"image": 3.0, "video": 12.0, "audio": 4.0}
_OTHER_SECONDS = 1.0
_TOKENS_PER_SECOND = 60
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True)
class Anything:
    """One model: its inputs by the card, its outputs by `card.output`."""

    card: ModelCard
    document: Document
    makes: Makes

    async def run(self, model_input: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        """Make an output; see `core.emulator.runner.Runner`."""
        pictures = await self._pictures(model_input, context)
        wished = self._wish(model_input, pictures)
        seed = self._seed(model_input, context)
        yield Log(f"{NOTE} The output is simulated from the model's schema.")
        if self._takes_seed:
            yield Log(f"Using seed: {seed}")
        output = await asyncio.to_thread(self._output, model_input, wished, seed)
        if reduced := _reduced(wished, parts_of(output, Draft)):
            yield Log(reduced)
        if self._streams or (self.card.output.get("type") == "string" and isinstance(output, str)):
            async for step in self._said(model_input, output, context):
                yield step
            return
        made: dict[str, File] = {}
        async for progress_or_file in _made(output, wished, context):
            if isinstance(progress_or_file, File):
                made[progress_or_file.name] = progress_or_file
                if self.card.makes_files:
                    yield progress_or_file
                elif self._iterates and isinstance(output, list):
                    yield Value(_so_far(output, made))
            else:
                yield progress_or_file
        if not (self.card.makes_files and made):
            yield Value(_with_files(output, made))
        for metric in _metrics(parts_of(output, Draft), wished):
            yield metric

    def example(self) -> Any:
        """Return the output of the card's example, with drafts of its files."""
        defaults = {
            name: declared["default"]
            for name, declared in self.card.input["properties"].items()
            if declared.get("default") is not None
        }
        full = {**defaults, **self.card.example_input}
        return self._output(full, self._wish(full, {}), _digest(full))

    @property
    def _takes_seed(self) -> bool:
        return "seed" in self.card.input["properties"]

    @property
    def _iterates(self) -> bool:
        return self.card.output.get("x-cog-array-type") == "iterator"

    @property
    def _streams(self) -> bool:
        """Whether the output is text that comes in pieces."""
        output = self.card.output
        is_text = output.get("type") == "array" and _is_text(
            self.document.facts(output.get("items"))
        )
        return is_text and (self._iterates or output.get("x-cog-array-display") == "concatenate")

    def _seed(self, model_input: Mapping[str, Any], context: Context) -> int:
        """Return what varies an output; a model without a seed says the same of the same."""
        return context.seed if self._takes_seed else _digest(model_input)

    async def _pictures(
        self, model_input: Mapping[str, Any], context: Context
    ) -> dict[str, list[Image.Image]]:
        """Read the files that an input gives; those that are pictures are returned, decoded.

        Raises:
            ModelError: one can't be read.
        """
        found: dict[str, list[Image.Image]] = {}
        for name, declared in self.card.input["properties"].items():
            given = model_input.get(name)
            # A default file is Replicate's, and out of reach.
            if not self.document.is_uri(declared) or given == declared.get("default"):
                continue
            for uri in given if isinstance(given, list) else [given]:
                if isinstance(uri, str) and uri.startswith(("http://", "https://", "data:")):
                    data = await context.fetch(uri)
                    if data.startswith(_PICTURES) or data[8:12] == b"WEBP":
                        picture = await asyncio.to_thread(decode, data)
                        found.setdefault(name, []).append(picture)
        return found

    def _wish(
        self, model_input: Mapping[str, Any], pictures: Mapping[str, list[Image.Image]]
    ) -> Wish:
        title = self.card.name.replace("-", " ").replace("_", " ")
        return wish(model_input, pictures, otherwise=title, moves=self.makes.kind == "video")

    def _output(self, model_input: Mapping[str, Any], wished: Wish, seed: int) -> Any:
        """Return an output with drafts of its files; a text that streams, in its pieces."""
        writer = TextModel(model_input, wished, seed)
        if self._streams:
            return writer.pieces()
        composer = Composer(
            self.document, self.makes, wished, seed, _digest(model_input), writer.text
        )
        return composer.output(self.card.output)

    async def _said(
        self, model_input: Mapping[str, Any], output: Any, context: Context
    ) -> AsyncIterator[Step]:
        pieces = output if isinstance(output, list) else [output]
        await context.sleep(_OTHER_SECONDS)
        for piece in pieces:
            await context.sleep(1 / _TOKENS_PER_SECOND)
            yield Token(piece)
        yield Metric("token_input_count", TextModel.length(model_input))
        yield Metric("token_output_count", len(pieces))


async def _made(output: Any, wished: Wish, context: Context) -> AsyncIterator[Progress | File]:
    """Make an output's files, one after the other; one without files takes its time too."""
    drafts = parts_of(output, Draft)
    for draft in drafts or (None,):
        kind = draft.media_type.partition("/")[0] if draft else ""
        pause = _SECONDS.get(kind, _OTHER_SECONDS) / wished.steps
        for done in range(1, wished.steps + 1):
            await context.sleep(pause)
            yield Progress(done, wished.steps)
        if draft:
            yield File(await _data_of(draft), draft.name, draft.media_type)


async def _data_of(draft: Draft) -> bytes:
    def work(check: Check) -> bytes:
        return draft.make(lambda done, total: check())

    async with in_thread(work) as task:
        await asyncio.wait({task})
        return task.result()


def _with_files(output: Any, made: Mapping[str, File]) -> Any:
    """Return an output with its files in the places of their drafts."""
    return replaced(output, Draft, lambda draft: made[draft.name])


def _so_far(output: list[Any], made: Mapping[str, File]) -> list[Any]:
    """Return the items of an output whose files are all there, up to the first that lacks one."""
    done = []
    for item in output:
        if any(draft.name not in made for draft in parts_of(item, Draft)):
            break
        done.append(_with_files(item, made))
    return done


def _reduced(wished: Wish, drafts: list[Draft]) -> str:
    """Return a line that says which files are smaller than they should be, if any are."""
    kinds = {draft.media_type.partition("/")[0] for draft in drafts}
    width, height = wished.size
    for kind, size in (("video", frame_size(wished)), ("image", picture_size(wished))):
        if kind in kinds and size != wished.size:
            return f"Kept small: {size[0]}x{size[1]} pixels instead of {width}x{height}."
    return ""


def _metrics(drafts: list[Draft], wished: Wish) -> Iterator[Metric]:
    kinds = [draft.media_type.partition("/")[0] for draft in drafts]
    if images := kinds.count("image"):
        yield Metric("image_count", images)
    if clips := kinds.count("video"):
        yield Metric("video_output_count", clips)
        yield Metric("video_output_duration_seconds", clips * wished.clip_seconds)


def _is_text(facts: Mapping[str, Any]) -> bool:
    return facts.get("type") == "string" and not facts.keys() & {"format", "enum"}


def _digest(model_input: Mapping[str, Any]) -> int:
    """Return a number that is the same for the same input."""
    text = json.dumps(model_input, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4])
