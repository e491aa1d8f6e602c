"""A model's schema → Gradio components, and their values back to an input."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr

from core import InvalidInput
from core.models.schema import Field, ModelSchema

_SLIDER_STEPS = 200
"""A bounded integer with more steps than this is typed, not slid."""

_IMAGE_SUFFIXES = [".png", ".jpg", ".jpeg", ".webp", ".gif"]


@dataclass(frozen=True)
class Form:
    """The settings shown for one model.

    `values` holds what the person changed. Gradio redraws the form when its hash changes, and
    fields and values can't be hashed: a new revision says that they changed.
    """

    model: str
    revision: int = 0
    fields: tuple[Field, ...] = field(default=(), hash=False)
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def switched_to(self, model: str, fields: Iterable[Field], shown: Mapping[str, Any]) -> "Form":
        """Return the form of another model, with the changed values that it has a place for.

        Defaults stay behind: one model's `steps = 4` means nothing to another.
        """
        fields = tuple(fields)
        changed = {
            old.name: shown[old.name]
            for old in self.fields
            if old.name in shown and shown[old.name] != initial_value(old)
        }
        kept = {
            new.name: changed[new.name]
            for new in fields
            if new.name in changed and _accepts(new, changed[new.name])
        }
        return replace(self, model=model, fields=fields, values=kept, revision=self.revision + 1)


def shown_fields(schema: ModelSchema, names: Iterable[str]) -> tuple[Field, ...]:
    """Return the fields to draw, in the order of `names`; what the model lacks is skipped."""
    by_name = {field.name: field for field in schema.fields}
    return tuple(by_name[name] for name in names if name in by_name)


def component(field: Field, value: Any, *, key: Any) -> gr.components.Component:
    """Return the component that fits a field, holding `value`.

    An optional number without a default is a text box: an empty `gr.Number` would become 0.
    """
    common = {"label": field.title, "interactive": True, "key": key}
    if field.choices:
        return gr.Dropdown(choices=list(field.choices), value=value, **common)
    if _slides(field):
        step = 1 if field.type == "integer" else 0.01
        return gr.Slider(field.minimum, field.maximum, value=value, step=step, **common)
    match field.type:
        case "boolean":
            return gr.Checkbox(value=value, **common)
        case "file":
            return gr.File(value=value, file_types=_IMAGE_SUFFIXES, height=120, **common)
        case _:
            return gr.Textbox(value=value, placeholder=_placeholder(field), **common)


def initial_value(field: Field) -> Any:
    """Return what a field's component shows before anyone touched it."""
    if field.choices or field.type == "file" or _slides(field):
        return field.default
    if field.type == "boolean":
        return bool(field.default)
    return "" if field.default is None else str(field.default)


def read_input(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input that the components' values mean; what was left empty is left out.

    Raises:
        InvalidInput: a number's box holds something else.
    """
    result = {}
    for item in fields:
        value = _read(item, values.get(item.name))
        if value is not None:
            result[item.name] = value
    return result


def _read(field: Field, value: Any) -> Any:
    if value is None or value == "":
        return None
    if field.choices:
        return value
    match field.type:
        case "integer" | "number":
            return _number(field, value)
        case "file":
            return Path(value)
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


def _accepts(field: Field, value: Any) -> bool:
    if field.choices:
        return value in field.choices
    if field.type in ("integer", "number") and _bounded(field):
        try:
            return bool(field.minimum <= float(value) <= field.maximum)  # type: ignore[operator]
        except ValueError:
            return False
    return True


def _bounded(field: Field) -> bool:
    return field.minimum is not None and field.maximum is not None


def _slides(field: Field) -> bool:
    if field.minimum is None or field.maximum is None or field.default is None:
        return False
    steps = field.maximum - field.minimum
    return field.type == "number" or (field.type == "integer" and steps <= _SLIDER_STEPS)


def _placeholder(field: Field) -> str:
    if field.name == "seed":
        return "random"
    return "" if field.required else "default"
