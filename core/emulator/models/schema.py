"""Writes a model's inputs and outputs as Cog does: titles, order, enums behind `allOf`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.emulator.runner import ModelCard

FILE: dict[str, Any] = {"type": "string", "format": "uri", "title": "Output"}
FILES: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "format": "uri"},
    "title": "Output",
}
TOKENS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string"},
    "title": "Output",
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}


@dataclass(frozen=True)
class Field:
    """One input: its JSON schema but for what follows from its name and place."""

    schema: dict[str, Any]
    is_required: bool = False
    choices: tuple[str | int, ...] = ()


def card(
    model: str,
    description: str,
    *,
    inputs: Mapping[str, Field],
    output: dict[str, Any],
    example: dict[str, Any],
    collections: tuple[str, ...],
    order: Mapping[str, int] | None = None,
    version: str | None = None,
    is_official: bool = True,
    created_at: str = "2024-01-01T00:00:00.000000Z",
    github_url: str | None = None,
    paper_url: str | None = None,
    license_url: str | None = None,
) -> ModelCard:
    """Return a model's card.

    Args:
        model: `owner/name`.
        inputs: by name, in the order in which a form shows them.
        output: `FILE`, `FILES` or `TOKENS`.
        order: the `x-order` of a model that numbers only some of its inputs; None numbers all.
        version: 64 hex digits; None derives them from the name.
    """
    owner, _, name = model.partition("/")
    places = {field: place for place, field in enumerate(inputs)} if order is None else order
    schema = {
        "type": "object",
        "title": "Input",
        "properties": {
            field: _named(field, declared, places.get(field)) for field, declared in inputs.items()
        },
    }
    if required := [field for field, declared in inputs.items() if declared.is_required]:
        schema["required"] = required
    return ModelCard(
        owner=owner,
        name=name,
        description=description,
        input=schema,
        output=output,
        version=version or hashlib.sha256(model.encode()).hexdigest(),
        schemas={
            field: _enum(field, declared.choices)
            for field, declared in inputs.items()
            if declared.choices
        },
        is_official=is_official,
        example_input=example,
        collections=collections,
        created_at=created_at,
        github_url=github_url,
        paper_url=paper_url,
        license_url=license_url,
    )


# What each of these takes beyond a description are JSON Schema's own keywords.


def text(description: str, *, required: bool = False, **keywords: Any) -> Field:
    """A text input."""
    return _field("string", description, required, keywords)


def integer(description: str, **keywords: Any) -> Field:
    """An input that takes a whole number."""
    return _field("integer", description, False, keywords)


def number(description: str, **keywords: Any) -> Field:
    """An input that takes any number."""
    return _field("number", description, False, keywords)


def boolean(description: str, *, default: bool) -> Field:
    """A switch."""
    return _field("boolean", description, False, {"default": default})


def file(description: str, **keywords: Any) -> Field:
    """An input that takes the URI of a file."""
    return _field("string", description, False, {"format": "uri", **keywords})


def files(description: str, **keywords: Any) -> Field:
    """An input that takes the URIs of several files."""
    return _field(
        "array", description, False, {"items": {"type": "string", "format": "uri"}, **keywords}
    )


def several(kind: str, description: str, **keywords: Any) -> Field:
    """An input that takes a list of a JSON type."""
    return _field("array", description, False, {"items": {"type": kind}, **keywords})


def choice(description: str, *choices: str | int, default: str | int) -> Field:
    """An input that takes one of the choices."""
    return Field({"description": description, "default": default}, choices=choices)


def _field(kind: str, description: str, required: bool, keywords: Mapping[str, Any]) -> Field:
    return Field({"type": kind, "description": description, **keywords}, is_required=required)


def _named(name: str, field: Field, place: int | None) -> dict[str, Any]:
    if field.choices:
        schema = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], **field.schema}
    else:
        schema = {"title": name.replace("_", " ").title(), **field.schema}
    return schema if place is None else {**schema, "x-order": place}


def _enum(name: str, choices: tuple[str | int, ...]) -> dict[str, Any]:
    kind = "string" if isinstance(choices[0], str) else "integer"
    return {"title": name, "type": kind, "enum": list(choices)}
