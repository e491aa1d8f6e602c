"""Runs a chat model: reads the conversation out of its input, streams the answer in pieces."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from PIL import Image

from core.emulator.models.inputs import pictures, uris
from core.emulator.runner import Context, Log, Metric, ModelCard, Runner, Step, Token
from core.emulator.words import Message, answer, tokens

_LONGEST = 4096  # pieces that `min_tokens` may ask for


@dataclass(frozen=True)
class Question:
    """What a run is to answer.

    Attributes:
        messages: oldest first.
        max_tokens: cut the answer after so many pieces; None for as long as it gets.
        min_tokens: go on until there are so many.
        stops: cut the answer before the first of these.
        thinking: seconds until the first piece.
        opening: what the answer begins with.
    """

    messages: list[Message]
    system_prompt: str = ""
    max_tokens: int | None = None
    min_tokens: int = 0
    stops: tuple[str, ...] = ()
    thinking: float = 0.3
    opening: str = ""


Reader: TypeAlias = Callable[[Mapping[str, Any]], Question]


def chat_model(
    card: ModelCard,
    read: Reader,
    *,
    tokens_per_second: float,
    images: tuple[str, ...] = (),
    videos: tuple[str, ...] = (),
) -> Runner:
    """Return a chat model.

    Args:
        read: the input → what to answer; raises `ModelError` for what can't be answered.
        images, videos: the inputs that are such files, or lists of them.
    """

    async def run(model_input: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
        question = read(model_input)
        seen = await pictures(model_input, context, *images)
        watched = uris(model_input, *videos)
        for uri in watched:
            await context.fetch(uri)
        if "seed" in card.input["properties"]:
            yield Log(f"Using seed: {context.seed}")
        await context.sleep(question.thinking)
        opening = acknowledged(seen, len(watched)) + question.opening
        pieces = await asyncio.to_thread(pieces_of, question, opening, context.seed)
        for piece in pieces:
            await context.sleep(1 / tokens_per_second)
            yield Token(piece)
        yield Metric("token_input_count", length_of(question))
        yield Metric("token_output_count", len(pieces))

    return Runner(card, run)


def acknowledged(images: Sequence[Image.Image], videos: int = 0) -> str:
    """Return how an answer begins that was given pictures, or clips; empty without."""
    parts = [f"an image of {image.width}×{image.height} pixels" for image in images]
    if videos:
        parts.append("a clip" if videos == 1 else f"{videos} clips")
    return f"I was given {', '.join(parts)}.\n\n" if parts else ""


def pieces_of(question: Question, opening: str, seed: int) -> list[str]:
    """Return the pieces of an answer, between the lengths that the question allows."""
    pieces = tokens(_before(opening + _answer(question, seed), question.stops))
    least = 0 if question.stops else min(question.min_tokens, _LONGEST)
    while len(pieces) < least:
        seed += 1
        pieces += tokens(f"\n\n{_answer(question, seed)}")
    return pieces[: question.max_tokens]


def _answer(question: Question, seed: int) -> str:
    return answer(question.messages, system_prompt=question.system_prompt, seed=seed)


def _before(text: str, stops: tuple[str, ...]) -> str:
    ends = [text.find(stop) for stop in stops if stop in text]
    return text[: min(ends)] if ends else text


def length_of(question: Question) -> int:
    """Return how many pieces were read."""
    texts = [question.system_prompt, *(message.text for message in question.messages)]
    return sum(len(tokens(text)) for text in texts)
