"""One field of a model's form → Gradio components, and what they hold → an input's value.

A file has two: one to put it in, and one for its address. An empty `gr.Number` would become 0, so
that numbers without a slider are typed as text.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from core import InvalidInput
from core.models.schema import Field

_ADDRESS = "@address"

_SLIDER_STEPS = 200
_SLIDER_RANGE = 10_000
"""What is bounded by more than these is typed, not slid."""

_RADIO_CHOICES = 4
_RADIO_CHARACTERS = 28
"""More or longer choices than these are listed instead of laid out."""

_SEARCHED_CHOICES = 20
"""From this number of choices on they are found by typing."""

_UNSET = ""
"""Chosen in the place of a choice: the model decides."""

_MODEL_DECIDES = ("not set", _UNSET)

_ADDRESS_BEGINNINGS = ("https://", "http://", "data:")

_MEDIA_TYPES = {
    "image": [".png", ".jpg", ".jpeg", ".webp", ".gif"],
    "video": [".mp4", ".mov", ".webm"],
    "audio": [".mp3", ".wav", ".flac", ".ogg", ".m4a"],
}


@dataclass(frozen=True)
class Box:
    """One component of a form.

    Attributes:
        is_address: it holds the address of a file, or of several, one a line.
    """

    field: Field
    is_address: bool = False

    @property
    def key(self) -> str:
        """What its value is known by: the field's name, except for an address."""
        return f"{self.field.name}{_ADDRESS}" if self.is_address else self.field.name

    @property
    def initial(self) -> Any:
        """What it holds before anyone touched it."""
        return held(self.field, self.field.default)[self.key]

    def accepts(self, value: Any) -> bool:
        """Tell whether it can hold what another model's box of this name held."""
        field = self.field
        if self.is_address or not is_file(field):
            if isinstance(value, list):
                return False
            try:
                field.checked(read(field, {self.key: value}))
            except InvalidInput:
                return False
            return True
        return isinstance(value, list) == (field.type == "files")


def boxes_of(field: Field) -> tuple[Box, ...]:
    """Return a field's boxes."""
    return (Box(field), Box(field, is_address=True)) if is_file(field) else (Box(field),)


def is_file(field: Field) -> bool:
    """Tell whether a field takes files."""
    return field.type in ("file", "files") and not field.choices


def held(field: Field, value: Any) -> dict[str, Any]:
    """Return what a field's boxes hold for an input's value, by their keys."""
    if is_file(field):
        files = [value] if isinstance(value, str | Path) else list(value or ())
        paths = [str(one) for one in files if isinstance(one, Path)]
        addresses = [str(one) for one in files if not isinstance(one, Path)]
        path = paths[0] if paths else None
        return {
            field.name: path if field.type == "file" else paths or None,
            f"{field.name}{_ADDRESS}": "\n".join(addresses),
        }
    return {field.name: _held(field, value)}


def _held(field: Field, value: Any) -> Any:
    if _is_listed(field):
        return _UNSET if value is None else value
    if field.type == "boolean" and not field.also:
        return (_UNSET if _is_undecided(field) else False) if value is None else bool(value)
    if _slides(field, value):
        return value
    if value is None:
        return ""
    if isinstance(value, str):
        is_plain = field.type != "any" or _json_or_text(value) == value
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    if _is_lines(field) and isinstance(value, list) and not any("\n" in str(one) for one in value):
        return "\n".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def read(field: Field, shown: Mapping[str, Any]) -> Any:
    """Return the value that a field's boxes mean, or None for nothing.

    Args:
        shown: what boxes hold, by their keys; those of other fields don't matter.

    Raises:
        InvalidInput: a box for JSON or an address holds something else.
    """
    if is_file(field):
        return _read_files(field, shown)
    value = shown.get(field.name)
    if value is None or (value == _UNSET and (_is_listed(field) or field.type == "boolean")):
        return None
    if not isinstance(value, str) or _is_listed(field):
        return value
    match field.type:
        case "string":
            return value
        case "array" if _is_lines(field) and not value.lstrip().startswith("["):
            return [line for line in value.splitlines() if line.strip()]
        case "array" | "object":
            return _json(field, value) if value.strip() else None
        case "any":
            return _json_or_text(value) if value else None
        case _:
            return field.parsed(value) if value.strip() else None


def component(box: Box, value: Any, *, classes: str) -> gr.components.Component:
    """Return a box's component, holding `value` (see `held`).

    Args:
        classes: what it is found by in the page.
    """
    field = box.field
    needed = " needed" if field.required and field.default is None else ""
    common: dict[str, Any] = {
        "label": field.title,
        "interactive": True,
        "elem_classes": f"{classes}{needed}",
    }
    if box.is_address:
        return _address_box(field, value, common)
    if is_file(field):
        types = _MEDIA_TYPES.get(field.media)
        count = "single" if field.type == "file" else "multiple"
        return gr.File(value=value, file_types=types, file_count=count, height=104, **common)
    if field.description:
        common["info"] = field.description
    if _is_listed(field):
        return _choice_box(field, value, common)
    if field.type == "boolean" and not field.also:
        if _is_undecided(field):
            answers = [_MODEL_DECIDES, ("yes", True), ("no", False)]
            return gr.Radio(choices=answers, value=value, **common)
        return gr.Checkbox(value=value, **common)
    if _slides(field, value):
        step = 1 if field.type == "integer" else _step(field)
        return gr.Slider(field.minimum, field.maximum, value=value, step=step, **common)
    if field.secret:
        return gr.Textbox(value=value, type="password", **common)
    lines = 3 if _is_long(field) else 2 if field.type in ("array", "object", "any") else 1
    return gr.Textbox(
        value=value, lines=lines, max_lines=12, placeholder=_placeholder(field), **common
    )


def _address_box(field: Field, value: Any, common: dict[str, Any]) -> gr.Textbox:
    several = field.type == "files"
    return gr.Textbox(
        **{**common, "label": f"{field.title}: {'addresses' if several else 'address'}"},
        value=value,
        lines=1,
        max_lines=4,
        placeholder=f"or paste a file, or https://…{', one a line' if several else ''}",
        info=field.description or None,
    )


def _choice_box(field: Field, value: Any, common: dict[str, Any]) -> gr.components.Component:
    listed = [*field.choices]
    if value != _UNSET and value not in listed:  # some models' defaults lie outside their choices
        listed.insert(0, value)
    choices: list[tuple[str, Any]] = [(str(one), one) for one in listed]
    if not field.required and field.default is None:
        choices.insert(0, _MODEL_DECIDES)
    is_short = sum(len(name) for name, _ in choices) <= _RADIO_CHARACTERS
    if len(choices) <= _RADIO_CHOICES and is_short:
        return gr.Radio(choices=choices, value=value, **common)
    return gr.Dropdown(
        choices=choices,
        value=value,
        filterable=len(choices) > _SEARCHED_CHOICES,
        **common,
    )


def _read_files(field: Field, shown: Mapping[str, Any]) -> Any:
    given = shown.get(field.name) or []
    paths = [Path(one) for one in ([given] if isinstance(given, str) else given)]
    lines = str(shown.get(f"{field.name}{_ADDRESS}") or "").splitlines()
    addresses = [line.strip() for line in lines if line.strip()]
    for one in addresses:
        # Never a path: it would be read from this machine, whoever typed it.
        if not one.startswith(_ADDRESS_BEGINNINGS):
            raise InvalidInput(
                f"{field.title} takes an address here, which begins with https://.",
                field=field.name,
            )
    files = [*paths, *addresses]
    if field.type == "files" or not files:
        return files or None
    return addresses[-1] if addresses and not paths else files[0]


def _json(field: Field, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{field.title} takes JSON, and this isn't: {error}.", field=field.name
        ) from error


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _is_listed(field: Field) -> bool:
    return bool(field.choices) and not any(isinstance(one, list | dict) for one in field.choices)


def _is_undecided(field: Field) -> bool:
    """Tell whether not to answer a yes or no question is an answer of its own."""
    return field.default is None and not field.required


def _is_lines(field: Field) -> bool:
    return field.item is not None and field.item.type == "string"


def _is_long(field: Field) -> bool:
    return field.type == "string" and any(word in field.name for word in _LONG_TEXT)


_LONG_TEXT = ("prompt", "text", "description", "caption", "lyrics", "message", "script")


def _slides(field: Field, value: Any) -> bool:
    low, high = field.minimum, field.maximum
    if low is None or high is None or field.also or not low < high:
        return False
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        return False
    if field.type == "integer":
        return high - low <= _SLIDER_STEPS
    return field.type == "number" and high - low <= _SLIDER_RANGE


def _step(field: Field) -> float:
    """Return a fine step: a hundredth of the range at most, and one by which the default is met."""
    assert field.minimum is not None
    assert field.maximum is not None
    digits = max(2, 2 - math.floor(math.log10(max(field.maximum - field.minimum, 1e-9))))
    return 10.0**-digits


def _placeholder(field: Field) -> str:
    if field.name == "seed":
        return "random"
    match field.type:
        case "array":
            return "one a line" if _is_lines(field) else "[…, …]"
        case "object":
            return '{"…": "…"}'
        case "any":
            return "text or JSON"
    limits = _limits(field)
    optional = "" if field.required else "optional"
    return ", ".join(filter(None, (optional, limits)))


def _limits(field: Field) -> str:
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"at least {low:g}"
    return "" if high is None else f"at most {high:g}"
