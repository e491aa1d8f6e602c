"""A model's schema → Gradio components, and their values back to an input."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import gradio as gr

from core import InvalidInput
from core.models.catalog import CatalogModel
from core.models.schema import Field, ModelSchema

_SLIDER_STEPS = 200
"""A bounded integer with more steps than this is typed, not slid."""

_RADIO_CHOICES = 4
_RADIO_CHARACTERS = 28
"""More or longer choices than these are listed instead of laid out."""

_MAIN_FIELDS = 3
"""How many settings of a model that isn't curated stand above the fold."""

_revisions = count(1)

_ADDRESS_BEGINNINGS = ("https://", "http://", "data:")

_LONG_TEXT = ("prompt", "text", "description")

_MEDIA_TYPES = {
    "image": [".png", ".jpg", ".jpeg", ".webp", ".gif"],
    "video": [".mp4", ".mov", ".webm"],
    "audio": [".mp3", ".wav", ".flac", ".ogg", ".m4a"],
}


@dataclass(frozen=True)
class Form:
    """The settings shown for one model.

    `values` holds what the person changed, or what a run was made with. Gradio redraws the form
    when its hash changes, and fields and values can't be hashed: a new revision says that they
    changed.

    Attributes:
        main: the fields that are always seen.
        advanced: those behind the fold.
        takes_prompt: the model has a prompt, which stands above the form.
    """

    model: str
    revision: int = 0
    main: tuple[Field, ...] = field(default=(), hash=False)
    advanced: tuple[Field, ...] = field(default=(), hash=False)
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    takes_prompt: bool = True

    @classmethod
    def of(
        cls, model: str, schema: ModelSchema | None, curated: CatalogModel | None = None
    ) -> "Form":
        """Return a model's form, untouched; one whose schema isn't known has no settings."""
        if schema is None:
            return cls(model)
        fields = [one for one in schema.fields if one.name != "prompt" and not one.deprecated]
        wanted = _wanted(fields, curated)
        return cls(
            model,
            main=tuple(wanted),
            advanced=tuple(one for one in fields if one not in wanted),
            takes_prompt=schema.is_open or schema.field("prompt") is not None,
        )

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields, in the order in which they are drawn."""
        return self.main + self.advanced

    @property
    def shown(self) -> dict[str, Any]:
        """What the components hold when they are drawn."""
        return {one.name: self.values.get(one.name, initial_value(one)) for one in self.fields}

    def holding(self, values: Mapping[str, Any]) -> "Form":
        """Return this form with `values`, to be drawn anew."""
        return replace(self, values=dict(values), revision=next(_revisions))

    def changed(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Return what differs from the model's defaults, and what was there from the start.

        Args:
            shown: the components' values by field.
        """
        return {
            one.name: shown[one.name]
            for one in self.fields
            if one.name in shown
            and (one.name in self.values or shown[one.name] != initial_value(one))
        }

    def carried_over(self, other: "Form", shown: Mapping[str, Any]) -> "Form":
        """Return another model's form with the changed values that it has a place for.

        Defaults stay behind: one model's `steps = 4` means nothing to another.
        """
        changed = self.changed(shown)
        kept = {
            new.name: changed[new.name]
            for new in other.fields
            if new.name in changed and _accepts(new, changed[new.name])
        }
        return other.holding(kept)

    def read(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Return the input that the components' values mean.

        What was left empty, and what is the model's default anyway, is left out.

        Raises:
            InvalidInput: a box for numbers, JSON or an address holds something else.
        """
        changed = self.changed(shown)
        result = {}
        for one in self.fields:
            if one.name not in changed:
                continue
            by_address = _is_address(self.values.get(one.name, initial_value(one)))
            value = _read(one, changed[one.name], by_address=by_address)
            if value is not None:
                result[one.name] = value
        return result

    def image_field(self, *names: str | None) -> Field | None:
        """Return the field that takes a picture: one of `names`, or the first that seems to."""
        by_name = {one.name: one for one in self.fields}
        for name in names:
            if name in by_name:
                return by_name[name]
        files = [one for one in self.fields if one.type in ("file", "files")]
        return next((one for one in files if media_kind(one) == "image"), None)


def component(field: Field, value: Any, *, key: Any) -> gr.components.Component:
    """Return the component that fits a field, holding `value` (see `shown_value`).

    An optional number without a default is a text box: an empty `gr.Number` would become 0.
    """
    common: dict[str, Any] = {"label": field.title, "interactive": True, "key": key}
    if field.description:
        common["info"] = field.description
    if field.choices:
        plain = len(field.choices) <= _RADIO_CHOICES and _is_short(field.choices)
        kind = gr.Radio if plain and field.required | (field.default is not None) else gr.Dropdown
        return kind(choices=list(field.choices), value=value, **common)
    if _slides(field):
        step = 1 if field.type == "integer" else _step(field)
        return gr.Slider(field.minimum, field.maximum, value=value, step=step, **common)
    match field.type:
        case "boolean":
            return gr.Checkbox(value=value, **common)
        case "file" | "files" if not _is_address(value):
            common.pop("info", None)  # gr.File has none
            count = "single" if field.type == "file" else "multiple"
            types = _MEDIA_TYPES.get(media_kind(field))
            return gr.File(value=value, file_types=types, file_count=count, height=120, **common)
        case "array" | "object" | "files":
            return gr.Textbox(
                value=value, lines=2, max_lines=8, placeholder=_placeholder(field), **common
            )
        case "string" if field.secret:
            return gr.Textbox(value=value, type="password", **common)
        case _:
            lines = 2 if any(word in field.name for word in _LONG_TEXT) else 1
            return gr.Textbox(
                value=value, lines=lines, max_lines=8, placeholder=_placeholder(field), **common
            )


def initial_value(field: Field) -> Any:
    """Return what a field's component shows before anyone touched it."""
    return shown_value(field, field.default)


def shown_value(field: Field, value: Any) -> Any:
    """Return an input's value as the field's component holds it."""
    if field.choices or _slides(field):
        return value
    match field.type:
        case "boolean":
            return bool(value)
        case "file":
            return str(value) if value else None
        case "files":
            files = [value] if isinstance(value, str | Path) else list(value or ())
            if any(_is_address(str(one)) for one in files):
                return json.dumps([str(one) for one in files])
            return [str(one) for one in files] or None
        case "array" | "object" if value is not None:
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        case _:
            return "" if value is None else str(value)


def media_kind(field: Field) -> str:
    """Return what a file field seems to take: `image`, `video`, `audio`, or `any`."""
    name = field.name.lower()
    words = f"{name} {field.description.lower()}"
    for kind, hints in (
        ("video", ("video", "clip")),
        ("audio", ("audio", "sound", "music", "voice", "song")),
        ("image", ("image", "picture", "photo", "mask", "frame", "img")),
    ):
        if any(hint in name for hint in hints):
            return kind
    return "image" if "image" in words else "any"


def _wanted(fields: Iterable[Field], curated: CatalogModel | None) -> list[Field]:
    """Return the fields that stand above the fold."""
    by_name = {one.name: one for one in fields}
    if curated is None:
        required = [one for one in by_name.values() if one.required]
        others = [one for one in by_name.values() if not one.required]
        return [*required, *others[: max(0, _MAIN_FIELDS - len(required))]]
    names = list(curated.settings)
    if curated.start_image is not None and curated.start_image not in names:
        names.append(curated.start_image)
    return [by_name[name] for name in names if name in by_name]


def _read(field: Field, value: Any, *, by_address: bool) -> Any:
    """Return the input that a component's value means, or None for nothing.

    Args:
        by_address: the field was drawn as a box for an address. What is typed there is never the
            path of a file: that would be read from this machine, whoever typed it.
    """
    if value == "" and field.type == "string" and field.default:
        return ""  # emptied on purpose
    if value is None or value == "" or value == []:
        return None
    if field.choices:
        return value
    match field.type:
        case "integer" | "number":
            return _number(field, value)
        case "file":
            return _address(field, value) if by_address else Path(value)
        case "files" if by_address:
            return [_address(field, one) for one in _json(field, value)]
        case "files":
            return [Path(one) for one in value]
        case "array" | "object":
            return _json(field, value)
        case _:
            return value


def _number(field: Field, value: Any) -> int | float:
    try:
        return int(value) if field.type == "integer" else float(value)
    except ValueError as error:
        whole = "a whole number" if field.type == "integer" else "a number"
        raise InvalidInput(
            f"{field.title} takes {whole}; “{value}” isn't one.", field=field.name
        ) from error


def _json(field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{field.title} takes JSON, and this isn't: {error}.", field=field.name
        ) from error


def _address(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not value.startswith(_ADDRESS_BEGINNINGS):
        raise InvalidInput(
            f"{field.title} takes an address here, which begins with https://.", field=field.name
        )
    return value


def _accepts(field: Field, value: Any) -> bool:
    if field.choices:
        return value in field.choices
    if field.type in ("integer", "number") and _bounded(field):
        try:
            return bool(field.minimum <= float(value) <= field.maximum)  # type: ignore[operator]
        except (TypeError, ValueError):
            return False
    if field.type == "boolean":
        return isinstance(value, bool)
    return isinstance(value, list) == (field.type == "files")


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip('["').startswith(_ADDRESS_BEGINNINGS)


def _is_short(choices: tuple[Any, ...]) -> bool:
    return sum(len(str(choice)) for choice in choices) <= _RADIO_CHARACTERS


def _bounded(field: Field) -> bool:
    return field.minimum is not None and field.maximum is not None


def _slides(field: Field) -> bool:
    if field.minimum is None or field.maximum is None or field.default is None:
        return False
    steps = field.maximum - field.minimum
    return field.type == "number" or (field.type == "integer" and steps <= _SLIDER_STEPS)


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
        case "array" | "files":
            return '["…", "…"]'
        case "object":
            return '{"…": "…"}'
        case _:
            return "" if field.required else "optional"
