"""A conversation → the input of a chat model, whatever the model calls things."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.errors import InvalidInput
from core.models.catalog import CatalogModel, ChatFields

Role = Literal["system", "user", "assistant"]
"""`system` says how to answer; it stands before all others, if at all."""


@dataclass(frozen=True)
class Turn:
    """One message of a conversation.

    Attributes:
        images: shown with it: paths before the job is written down, storage keys afterwards.
    """

    role: Role
    text: str
    images: tuple[str | Path, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """What a chat model is asked, as the person sees it.

    Attributes:
        id: the same for all jobs of a conversation.
        turns: oldest first; the last one is the person's.
    """

    id: str
    turns: tuple[Turn, ...]


def chat_input(
    model: CatalogModel,
    turns: Sequence[Turn],
    *,
    system_prompt: str = "",
    temperature: float | None = None,
    max_tokens: int | None = None,
) -> dict[str, Any]:
    """Return the input that asks a model for a conversation's next turn.

    A model that takes messages gets them. For the others the conversation is written out as one
    prompt, and so is the system prompt where the model has no place for it. Images go in whole
    where the model takes a list of them; where it takes a single one, it gets the newest.

    Args:
        model: a curated chat model.
        turns: oldest first; the last one is the person's. Images are put in as they are: for one
            that lies in the media store, give its path.
        system_prompt: how to answer, or empty.
        temperature, max_tokens: None, and for a model that lacks them any, leaves them out.

    Raises:
        InvalidInput: it is no chat model, there is nothing to answer, or the last turn shows
            images to a model that takes none.
    """
    names = model.chat
    if names is None:
        raise InvalidInput(f"{model.title} isn't a chat model.")
    if not turns or turns[-1].role != "user":
        raise InvalidInput("Write a message first.", field=names.prompt)
    if turns[-1].images and names.images is None:
        # Earlier ones are left out: a conversation may go on with another model.
        raise InvalidInput(f"{model.title} doesn't look at images: choose a model that does.")
    system = system_prompt.strip()
    result: dict[str, Any] = {}
    if names.messages is not None:
        # Beside messages a system prompt of its own is ignored (the model's schema says so).
        said = [("system", system)] if system else []
        said += [(turn.role, turn.text) for turn in turns]
        result[names.messages] = [{"role": role, "content": text} for role, text in said]
    else:
        result[names.prompt] = _written_out(turns, "" if names.system_prompt else system)
    settings = (
        (None if names.messages else names.system_prompt, system or None),
        (names.temperature, temperature),
        (names.max_tokens, max_tokens),
    )
    given = {name: value for name, value in settings if name is not None and value is not None}
    return result | _images(turns, names) | given


_SPEAKERS: dict[Role, str] = {"system": "System", "user": "User", "assistant": "Assistant"}


def _images(turns: Sequence[Turn], names: ChatFields) -> dict[str, Any]:
    images = [image for turn in turns for image in turn.images]
    if names.images is None or not images:
        return {}
    return {names.images: images if names.images_are_list else images[-1]}


def _written_out(turns: Sequence[Turn], system: str) -> str:
    if len(turns) == 1:
        return f"{system}\n\n{turns[0].text}" if system else turns[0].text
    spoken = [f"{_SPEAKERS[turn.role]}: {turn.text}" for turn in turns]
    return "\n\n".join([*([system] if system else []), *spoken, "Assistant:"])
