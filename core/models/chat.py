"""A conversation → the input of a chat model, whatever the model calls things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.errors import InvalidInput
from core.models.schema import ModelSchema

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


@dataclass(frozen=True)
class ChatFields:
    """What a model calls the parts of a conversation; None for those that it has no place for.

    Attributes:
        messages: takes a conversation as a list of `{role, content}`.
        images: takes one image, or a list of them.
        images_are_list: whether it is a list.
    """

    prompt: str = "prompt"
    system_prompt: str | None = None
    messages: str | None = None
    images: str | None = None
    images_are_list: bool = False

    @classmethod
    def of(cls, schema: ModelSchema | None) -> "ChatFields":
        """Find them in a model's schema, by the names that language models give them.

        A model that nobody describes has a prompt: most are asked in words.
        """
        if schema is None:
            return cls()
        fields = {one.name: one for one in schema.fields if not one.deprecated}
        messages = fields.get("messages")
        system = (fields[name] for name in _SYSTEM_PROMPTS if name in fields)
        files = (one for one in fields.values() if one.type in ("file", "files"))
        images = next((one for one in files if one.media == "image"), None)
        return cls(
            system_prompt=next((one.name for one in system if one.type == "string"), None),
            messages="messages" if messages is not None and messages.type == "array" else None,
            images=None if images is None else images.name,
            images_are_list=images is not None and images.type == "files",
        )

    @property
    def names(self) -> frozenset[str]:
        """Those that it has."""
        named = (self.prompt, self.system_prompt, self.messages, self.images)
        return frozenset(name for name in named if name is not None)


_SYSTEM_PROMPTS = ("system_prompt", "system_instruction")


def chat_input(
    fields: ChatFields,
    turns: Sequence[Turn],
    *,
    system_prompt: str = "",
    settings: Mapping[str, Any] | None = None,
    title: str = "This model",
) -> dict[str, Any]:
    """Return the input that asks a model for a conversation's next turn.

    A model that takes messages gets them. For the others the conversation is written out as one
    prompt, and so is the system prompt where the model has no place for it. Images go in whole
    where the model takes a list of them; where it takes a single one, it gets the newest.

    Args:
        fields: what the model calls them.
        turns: oldest first; the last one is the person's. Images are put in as they are: for one
            that lies in the media store, give its path.
        system_prompt: how to answer, or empty.
        settings: the rest of the input, by the model's own names.
        title: what the model is called.

    Raises:
        InvalidInput: there is nothing to answer, or the last turn shows images to a model that
            takes none.
    """
    if not turns or turns[-1].role != "user":
        raise InvalidInput("Write a message first.", field=fields.prompt)
    if turns[-1].images and fields.images is None:
        # Earlier ones are left out: a conversation may go on with another model.
        raise InvalidInput(f"{title} doesn't look at images: choose a model that does.")
    system = system_prompt.strip()
    result: dict[str, Any] = {}
    if fields.messages is not None:
        # Beside messages a system prompt of its own is ignored (the model's schema says so).
        said = [("system", system)] if system else []
        said += [(turn.role, turn.text) for turn in turns]
        result[fields.messages] = [{"role": role, "content": text} for role, text in said]
    else:
        result[fields.prompt] = _written_out(turns, "" if fields.system_prompt else system)
        if fields.system_prompt is not None and system:
            result[fields.system_prompt] = system
    return result | _images(turns, fields) | dict(settings or {})


_SPEAKERS: dict[Role, str] = {"system": "System", "user": "User", "assistant": "Assistant"}


def _images(turns: Sequence[Turn], fields: ChatFields) -> dict[str, Any]:
    images = [image for turn in turns for image in turn.images]
    if fields.images is None or not images:
        return {}
    return {fields.images: images if fields.images_are_list else images[-1]}


def _written_out(turns: Sequence[Turn], system: str) -> str:
    if len(turns) == 1:
        return f"{system}\n\n{turns[0].text}" if system else turns[0].text
    spoken = [f"{_SPEAKERS[turn.role]}: {turn.text}" for turn in turns]
    return "\n\n".join([*([system] if system else []), *spoken, "Assistant:"])
