"""One input of a model: what is known of it, and whether a value fits.

Nothing is converted silently: `"5"` is no number. The exception is a whole float for an integer,
because JSON and forms don't tell `5.0` from `5`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

from core.errors import InvalidInput

FieldType = Literal["string", "integer", "number", "boolean", "file", "files", "array", "object"]

_LISTED_CHOICES = 12
_QUOTED_CHARACTERS = 40


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input of a model.

    Attributes:
        type: `file` is one URI, `files` an array of them.
        also: further types that the model takes in its place.
        is_certain: False where a reference led nowhere: the type is guessed from the default,
            and any value is let through.
        items: the type of an array's items, or None when they may be anything.
        choices: the values that it takes, or () for any.
        minimum, maximum: of a number, inclusive; None where it is open.
        max_length: of a text, in characters.
        secret: a password or key, never to be stored or shown.
        order: its place in a form.
    """

    name: str
    title: str
    description: str = ""
    type: FieldType = "string"
    also: tuple[FieldType, ...] = ()
    is_certain: bool = True
    items: FieldType | None = None
    default: Any = None
    required: bool = False
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    nullable: bool = False
    secret: bool = False
    deprecated: bool = False
    order: int = 0

    def checked(self, value: Any) -> Any:
        """Return the value to send.

        Raises:
            InvalidInput: the model doesn't take it; one sentence says what it takes.
        """
        if not self.is_certain or (value is None and self.nullable):
            return value
        # Some models' defaults lie outside their own choices or range.
        if value is not None and value == self.default and type(value) is type(self.default):
            return value
        if self.choices:
            return self._checked_choice(value)
        if not any(_IS[kind](value) for kind in (self.type, *self.also)):
            raise self._refused(f"takes {_NAMES[self.type]}, and {_quoted(value)} isn't one")
        if self.type == "integer" and isinstance(value, float):
            value = int(value)
        self._check_range(value)
        self._check_size(value)
        return value

    def _checked_choice(self, value: Any) -> Any:
        for choice in self.choices:
            # `True == 1` in Python, not in JSON.
            if value == choice and isinstance(value, bool) == isinstance(choice, bool):
                return choice
        listed = ", ".join(str(choice) for choice in self.choices[:_LISTED_CHOICES])
        more = ", …" if len(self.choices) > _LISTED_CHOICES else ""
        raise self._refused(f"is one of {listed}{more}; {_quoted(value)} isn't")

    def _check_range(self, value: Any) -> None:
        if not _is_number(value):
            return
        low, high = self.minimum, self.maximum
        if low is not None and high is not None and not low <= value <= high:
            raise self._refused(f"goes from {low:g} to {high:g}, not {value:g}")
        if low is not None and value < low:
            raise self._refused(f"is at least {low:g}, not {value:g}")
        if high is not None and value > high:
            raise self._refused(f"is at most {high:g}, not {value:g}")

    def _check_size(self, value: Any) -> None:
        if isinstance(value, str) and self.max_length is not None and len(value) > self.max_length:
            raise self._refused(f"has at most {self.max_length} characters, not {len(value)}")
        if isinstance(value, list) and self.items is not None:
            for item in value:
                if not _IS[self.items](item):
                    raise self._refused(
                        f"is a list of which each item is {_NAMES[self.items]}, "
                        f"and {_quoted(item)} isn't one"
                    )

    def _refused(self, reason: str) -> InvalidInput:
        return InvalidInput(f"{self.title} {reason}.", field=self.name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


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
}


def _quoted(value: Any) -> str:
    text = "nothing" if value is None else f"“{value}”"
    if len(text) <= _QUOTED_CHARACTERS:
        return text
    return f"{text[:_QUOTED_CHARACTERS]}…”"
