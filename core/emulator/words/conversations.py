"""Messages, and how to read them back out of the one prompt that some models take instead."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["user", "assistant"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Role
    text: str


def conversation(prompt: str) -> tuple[str, list[Message]]:
    """Read a conversation that was written out as one prompt.

    Two forms are known: Llama 3's template, and turns that begin with `User:` or `Assistant:` after
    a blank line, closed by an `Assistant:` that waits for its text. Any other prompt is one
    message.

    Returns:
        The system prompt, or empty, and the messages, oldest first.
    """
    if _HEADER.search(prompt):
        return _from_template(prompt)
    if _SPEAKER.search(prompt) and _WAITING.search(prompt[-40:]):
        return _from_turns(prompt)
    return "", [Message("user", prompt)]


_HEADER = re.compile(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>")
_END_OF_TURN = re.compile(r"<\|(?:eot_id|end_of_text|eom_id)\|>")
_SPEAKER = re.compile(r"(?:\A|\n\n)(User|Assistant):[ \n]?")
_WAITING = re.compile(r"\n\nAssistant:\s*\Z")
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant"}


def _from_template(prompt: str) -> tuple[str, list[Message]]:
    _, *parts = _HEADER.split(prompt)
    systems, messages = [], []
    for name, rest in zip(parts[::2], parts[1::2], strict=True):
        text = _END_OF_TURN.split(rest, maxsplit=1)[0].strip()
        if role := _ROLES.get(name.lower()):
            messages.append(Message(role, text))
        else:
            systems.append(text)
    return "\n\n".join(systems), _without_waiting_turn(messages)


def _from_turns(prompt: str) -> tuple[str, list[Message]]:
    system, *parts = _SPEAKER.split(prompt)
    messages = [
        Message(_ROLES[name.lower()], text.strip())
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    ]
    return system.strip(), _without_waiting_turn(messages)


def _without_waiting_turn(messages: list[Message]) -> list[Message]:
    if messages and messages[-1] == Message("assistant", ""):
        return messages[:-1]
    return messages
