"""One input of a model: what is known of it, and what a value for it becomes.

A text is read as a number or a yes or no where nothing else can be meant, because forms hold texts;
a whole float is an integer, because JSON and forms don't tell `5.0` from `5`. Nothing else is
converted.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

from core.errors import InvalidInput
from core.models.mediakinds import MediaKind, kind_in_words

FieldType = Literal[
    "string", "integer", "number", "boolean", "file", "files", "array", "object", "any"
]

_LISTED_CHOICES = 12
_QUOTED_CHARACTERS = 40

PROMPTS = frozenset({"prompt", "text", "caption"})
"""What a model is asked in words; its default is only an example, so that it is always sent."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input of a model.

    Attributes:
        type: `file` is one URI, `files` an array of them; `any` is JSON of which no more is known.
        also: further types that the model takes in its place.
        item: what each item of an array is, or None when they may be anything.
        choices: the values that it takes, or () for any.
        minimum, maximum: of a number; None where it is open.
        excludes_minimum, excludes_maximum: the limit itself is out of range.
        min_length, max_length: of a text, in characters.
        min_items, max_items: of a list.
        secret: a password or key, never to be stored or shown.
        order: its place in a form.
    """

    name: str
    title: str
    description: str = ""
    type: FieldType = "string"
    also: tuple[FieldType, ...] = ()
    item: "Field | None" = None
    default: Any = None
    required: bool = False
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    excludes_minimum: bool = False
    excludes_maximum: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    nullable: bool = False
    secret: bool = False
    deprecated: bool = False
    order: float = 0

    @property
    def media(self) -> MediaKind:
        """What kind of media a file of it seems to be."""
        return kind_in_words(self.name, self.title, self.description)

    @property
    def whole_range(self) -> tuple[int | None, int | None]:
        """The least and the largest whole number that it takes; None where it is open."""
        low, high = self.minimum, self.maximum
        if low is not None:
            low = math.floor(low) + 1 if self.excludes_minimum else math.ceil(low)
        if high is not None:
            high = math.ceil(high) - 1 if self.excludes_maximum else math.floor(high)
        return low, high

    @property
    def is_prompt(self) -> bool:
        """Whether it is what the model is asked in words."""
        return self.name in PROMPTS and self.type == "string" and not self.choices

    def is_left_out(self, value: Any) -> bool:
        """Tell whether to send a value is to say nothing: an empty one, or the default."""
        if self.required or self.is_prompt:
            return False
        if value is None:
            return not (self.nullable and self.default is not None)
        if isinstance(value, str) and value == "":
            return self.type != "string" or bool(self.choices) or not self.default
        if isinstance(value, list | tuple) and not value:
            return not self.default
        return _is_same(value, self.default)

    def checked(self, value: Any) -> Any:
        """Return the value to send.

        Raises:
            InvalidInput: the model doesn't take it; one sentence says what it takes.
        """
        if self.type == "any" or (value is None and self.nullable):
            return value
        # Some models' defaults lie outside their own choices or range.
        if value is not None and _is_same(value, self.default):
            return value
        if self.choices:
            return self._checked_choice(value)
        value = self.parsed(value)
        if not any(_IS[kind](value) for kind in (self.type, *self.also)):
            raise self._refused(f"takes {_NAMES[self.type]}, and {_quoted(value)} isn't one")
        if self.type == "integer" and isinstance(value, float) and value == int(value):
            value = int(value)
        self._check_range(value)
        self._check_length(value)
        if isinstance(value, list | tuple):
            return self._checked_items(value)
        return value

    def parsed(self, value: Any) -> Any:
        """Return a text as the number or the yes or no that is meant, where no text can be."""
        kinds = {self.type, *self.also}
        if not isinstance(value, str) or kinds & {"string", "file"}:
            return value
        if kinds & {"integer", "number", "boolean"} and len(value) <= _LONGEST_NUMBER:
            try:
                read = json.loads(value.strip().lower())
            except ValueError:
                return value
            return read if isinstance(read, bool) or _is_number(read) else value
        return value

    def _checked_choice(self, value: Any) -> Any:
        for choice in self.choices:
            if _is_same(value, choice):
                return choice
        for choice in self.choices:
            if isinstance(value, str) and not isinstance(choice, str) and value == str(choice):
                return choice
        listed = ", ".join(str(choice) for choice in self.choices[:_LISTED_CHOICES])
        more = ", …" if len(self.choices) > _LISTED_CHOICES else ""
        raise self._refused(f"is one of {listed}{more}; {_quoted(value)} isn't")

    def _check_range(self, value: Any) -> None:
        if not _is_number(value):
            return
        low, high = self.minimum, self.maximum
        too_low = low is not None and (value <= low if self.excludes_minimum else value < low)
        too_high = high is not None and (value >= high if self.excludes_maximum else value > high)
        if not (too_low or too_high):
            return
        at_least = "is more than" if self.excludes_minimum else "is at least"
        at_most = "is less than" if self.excludes_maximum else "is at most"
        if low is None:
            raise self._refused(f"{at_most} {high:g}, not {_shown(value)}")
        if high is None:
            raise self._refused(f"{at_least} {low:g}, not {_shown(value)}")
        if self.excludes_minimum or self.excludes_maximum:
            raise self._refused(f"{at_least} {low:g} and {at_most} {high:g}, not {_shown(value)}")
        raise self._refused(f"goes from {low:g} to {high:g}, not {_shown(value)}")

    def _check_length(self, value: Any) -> None:
        if not isinstance(value, str):
            return
        if self.max_length is not None and len(value) > self.max_length:
            raise self._refused(f"has at most {self.max_length} characters, not {len(value)}")
        if self.min_length is not None and len(value) < self.min_length:
            raise self._refused(f"has at least {self.min_length} characters, not {len(value)}")

    def _checked_items(self, values: Any) -> list[Any]:
        if self.max_items is not None and len(values) > self.max_items:
            raise self._refused(f"is a list of at most {self.max_items}, not {len(values)}")
        if self.min_items is not None and len(values) < self.min_items:
            raise self._refused(f"is a list of at least {self.min_items}, not {len(values)}")
        item = self.item
        if item is None:
            return list(values)
        checked = []
        for n, value in enumerate(values):
            try:
                checked.append(item.checked(value))
            except InvalidInput as error:
                reason = str(error).removeprefix(f"{item.title} ").rstrip(".")
                raise self._refused(f"is a list, and its item {n + 1} {reason}") from error
        return checked

    def _refused(self, reason: str) -> InvalidInput:
        return InvalidInput(f"{self.title} {reason}.", field=self.name)


_LONGEST_NUMBER = 40


def _is_same(value: Any, other: Any) -> bool:
    """Tell whether two JSON values are equal: `True == 1` in Python, not in JSON."""
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, int | float) and isinstance(other, int | float):
        return value == other
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_is_same, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_is_same(value[k], other[k]) for k in value)
    return type(value) is type(other) and bool(value == other)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _is_file(value: Any) -> bool:
    """Accept a URL, and what the client turns into one: a path or an open file."""
    return isinstance(value, str | PathLike) or hasattr(value, "read")


_IS: dict[FieldType, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and value == int(value),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "file": _is_file,
    "files": lambda value: isinstance(value, list | tuple) and all(map(_is_file, value)),
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, dict),
    "any": lambda value: True,
}

_NAMES: dict[FieldType, str] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "a yes or no (true or false)",
    "file": "a file or its URL",
    "files": "a list of files or their URLs",
    "array": "a list",
    "object": "a JSON object",
    "any": "JSON",
}


def _shown(number: float) -> str:
    try:
        return f"{number:g}"
    except OverflowError:
        return "a number beyond all bounds"


def _quoted(value: Any) -> str:
    text = "nothing" if value is None else f"“{value}”"
    if len(text) <= _QUOTED_CHARACTERS:
        return text
    return f"{text[:_QUOTED_CHARACTERS]}…”"
