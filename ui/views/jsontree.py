"""A JSON value as a tree to fold: short enough for a page, however long the value is. Pure.

Texts in it are strangers' words: whoever puts them into HTML escapes them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Literal, TypeAlias

from core.downloads.dataurls import is_data_url
from ui.views.present import byte_count

_SHOWN = (100, 40, 20)
"""How many entries of a list or an object are shown, by its depth; deeper ones show the last."""

_NODES = 2000
"""How many are shown in all."""

_DEEPEST = 12
_TEXT_CHARACTERS = 500
_LINE_CHARACTERS = 60
"""A list of plain values stays on one line up to this."""

_WHOLE_DATA_URL_CHARACTERS = 100
_DEEPEST_RAW = 100
"""The encoder calls itself for each level."""


@dataclass(frozen=True)
class Leaf:
    """A value to be shown on a line, as JSON writes it.

    Attributes:
        kind: `line` is a short list of plain values, or what is empty.
        more: how many characters of a text are left out.
    """

    kind: Literal["text", "number", "word", "line"]
    text: str
    more: int = 0


@dataclass(frozen=True)
class Branch:
    """A list or an object.

    Attributes:
        size: how many entries it has.
        entries: those that are shown, by their keys or indices.
    """

    is_list: bool
    size: int
    entries: "tuple[tuple[str, Node], ...]"
    kind: ClassVar[str] = "branch"

    @property
    def more(self) -> int:
        """How many of its entries are left out."""
        return self.size - len(self.entries)


Node: TypeAlias = Leaf | Branch


def tree(value: Any) -> Node:
    """Return a value of JSON as a tree, cut where it is long."""
    return _node(value, 0, iter(range(_NODES)))


def raw(value: Any) -> str:
    """Return a value as JSON with line breaks, whole; only of data URLs the content is left out."""
    return json.dumps(_readable(value, 0), indent=2, ensure_ascii=False)


def without_content(text: str) -> str:
    """Return a text, or what a data URL is without what it holds."""
    if len(text) <= _WHOLE_DATA_URL_CHARACTERS or not is_data_url(text):
        return text
    head = text.partition(",")[0][:_WHOLE_DATA_URL_CHARACTERS]
    return f"{head},… ({byte_count(len(text))})"


def _node(value: Any, depth: int, numbers: Iterator[int]) -> Node:
    match value:
        case Mapping() | list() if line := _line(value):
            return Leaf("line", line)
        case Mapping() | list():
            items = value.items() if isinstance(value, Mapping) else enumerate(value)
            shown = _SHOWN[min(depth, len(_SHOWN) - 1)] if depth < _DEEPEST else 0
            entries = tuple(
                (str(key), _node(item, depth + 1, numbers))
                for _, (key, item) in zip(numbers, islice(items, shown), strict=False)
            )
            return Branch(isinstance(value, list), len(value), entries)
        case str():
            text = without_content(value)
            kept = text[:_TEXT_CHARACTERS]
            return Leaf("text", json.dumps(kept, ensure_ascii=False), len(text) - len(kept))
        case bool() | None:
            return Leaf("word", json.dumps(value))
        case _:
            return Leaf("number", json.dumps(value))


def _line(value: Mapping[str, Any] | list[Any]) -> str:
    """Return a value on one line, or "" where it needs more."""
    if isinstance(value, Mapping):
        return "" if value else "{}"
    if len(value) > _LINE_CHARACTERS or any(isinstance(item, Mapping | list) for item in value):
        return ""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= _LINE_CHARACTERS else ""


def _readable(value: Any, depth: int) -> Any:
    match value:
        case Mapping() | list() if depth == _DEEPEST_RAW:
            return "…"
        case Mapping():
            return {key: _readable(item, depth + 1) for key, item in value.items()}
        case list():
            return [_readable(item, depth + 1) for item in value]
        case str():
            return without_content(value)
        case _:
            return value
