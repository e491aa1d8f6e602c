"""A conversation → the input of a chat model, whatever the model calls things."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import InvalidInput
from core.models.catalog import CatalogModel

Role = Literal["user", "assistant"]


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    role: Role
    text: str


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
    prompt, and so is the system prompt where the model has no place for it.

    Args:
        model: a curated chat model.
        turns: oldest first; the last one is the person's.
        system_prompt: how to answer, or empty.
        temperature, max_tokens: None, and for a model that lacks them any, leaves them out.

    Raises:
        InvalidInput: it is no chat model, or there is nothing to answer.
    """
    names = model.chat
    if names is None:
        raise InvalidInput(f"{model.title} isn't a chat model.")
    if not turns or turns[-1].role != "user":
        raise InvalidInput("Write a message first.", field=names.prompt)
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
    return result | given


_SPEAKERS: dict[Role, str] = {"user": "User", "assistant": "Assistant"}


def _written_out(turns: Sequence[Turn], system: str) -> str:
    if len(turns) == 1:
        return f"{system}\n\n{turns[0].text}" if system else turns[0].text
    spoken = [f"{_SPEAKERS[turn.role]}: {turn.text}" for turn in turns]
    return "\n\n".join([*([system] if system else []), *spoken, "Assistant:"])
