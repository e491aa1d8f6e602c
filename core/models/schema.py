"""A model's OpenAPI document → its input fields, what its outputs are, and checks of an input.

What isn't known isn't checked, and Replicate has the last word.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import InvalidInput
from core.logs import get_logger
from core.models.documents import Part, mapping
from core.models.fields import Field, FieldType
from core.models.outputs import Output, OutputKind

__all__ = ["Field", "FieldType", "ModelSchema", "OutputKind"]

Json = Mapping[str, Any]

DrawSeed = Callable[[int, int], int]
"""Returns a random whole number between two, both included."""

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class ModelSchema:
    """What a model takes and gives.

    Attributes:
        fields: in the order of a form.
        is_open: nothing is known of the input, so that anything is let through.
        output: what is known of its output.
    """

    fields: tuple[Field, ...]
    is_open: bool = False
    output: Output = field(default_factory=Output)

    @classmethod
    def parse(cls, openapi_schema: Any) -> "ModelSchema":
        """Read a version's `openapi_schema`; anything can be read, if only as an open schema."""
        schemas = mapping(mapping(mapping(openapi_schema).get("components")).get("schemas"))
        given, output = schemas.get("Input"), schemas.get("Output")
        return cls(
            fields=_fields(given, schemas) if isinstance(given, Mapping) else (),
            is_open=not isinstance(given, Mapping),
            output=Output(_part(output, schemas)) if isinstance(output, Mapping) else Output(),
        )

    @property
    def output_kind(self) -> OutputKind:
        """What the whole output is; `json` is anything but text or files."""
        return self.output.kind

    @property
    def streams(self) -> bool:
        """Whether the output is text that comes in pieces."""
        return self.output.streams

    def field(self, name: str) -> Field | None:
        """Return the field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    def validate(self, model_input: Json, *, draw_seed: DrawSeed | None = None) -> dict[str, Any]:
        """Return the input to send: no defaults, nothing empty that may be left out.

        What the model has no field for is sent as it is: its schema doesn't rule it out, and
        Replicate has the last word (see `unknown`).

        Args:
            draw_seed: chooses the seed where the model would, because none is given.

        Raises:
            InvalidInput: it lacks a field that the model needs, or has some with values that it
                doesn't take; `fields` says of each what is wrong.
        """
        if self.is_open:
            return dict(model_input)
        known = {one.name for one in self.fields}
        sent: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for one in self.fields:
            if one.name not in model_input:
                if one.required:
                    problems[one.name] = f"{one.title} is missing: this model needs it."
                continue
            value = model_input[one.name]
            try:
                # An empty value isn't checked, and one is the default perhaps only as it is read.
                if one.is_left_out(value) or one.is_left_out(value := one.checked(value)):
                    continue
            except InvalidInput as error:
                problems[one.name] = str(error)
            sent[one.name] = value
        if problems:
            raise InvalidInput.of(problems)
        others = {name: value for name, value in model_input.items() if name not in known}
        return {**sent, **others, **self._seed(sent, draw_seed)}

    def unknown(self, model_input: Json) -> dict[str, str]:
        """Return what an input holds that the model has no field for, with a sentence for each."""
        known = [one.name for one in self.fields]
        if self.is_open:
            return {}
        return {name: _unknown(name, known) for name in model_input if name not in known}

    def file_urls(self, output: Any) -> list[str]:
        """Return the URLs of the files in an output, in their order, wherever they lie in it."""
        return self.output.file_urls(output)

    def _seed(self, sent: Json, draw_seed: DrawSeed | None) -> dict[str, int]:
        seed = self.field("seed")
        if draw_seed is None or seed is None or "integer" not in (seed.type, *seed.also):
            return {}
        if sent.get("seed") is not None or seed.choices:
            return {}
        lowest, largest = seed.whole_range
        lowest = max(0, lowest) if lowest is not None else 0
        largest = _LARGEST_SEED if largest is None else min(largest, _LARGEST_SEED)
        return {"seed": draw_seed(lowest, max(lowest, largest))}


def _part(declared: Any, schemas: Json) -> Part:
    try:
        return Part(declared, schemas)
    except RecursionError:
        return Part({}, {})


_UNORDERED = 1_000_000
"""Where fields without an `x-order` go: after those that have one."""


def _fields(given: Any, schemas: Json) -> tuple[Field, ...]:
    whole = _part(given, schemas)
    required = whole.values("required")
    fields = [
        _field(str(name), declared, schemas, place=place, required=name in required)
        for place, (name, declared) in enumerate(mapping(whole.get("properties")).items())
    ]
    return tuple(sorted(fields, key=lambda field: field.order))


def _field(name: str, declared: Any, schemas: Json, *, place: int, required: bool) -> Field:
    try:
        part = Part(declared, schemas, depth=1)
        order = part.number("x-order")
        read = _read_field(name, part, required=required)
    except RecursionError:
        order, read = None, Field(name=name, title=_titled(name), type="any", required=required)
    if read.type == "any":
        get_logger().info("schema.field_unknown", field=name)
    return replace(read, order=_UNORDERED + place if order is None else order)


def _read_field(name: str, part: Part, *, required: bool = False) -> Field:
    choices = tuple(choice for choice in part.values("enum") if choice is not None)
    types = _types(part)
    first, *others = types or [_type_of(choices[0]) if choices else "any"]
    title = part.declared.get("title")
    low, excludes_low = _limit(part, "minimum", "exclusiveMinimum", max)
    high, excludes_high = _limit(part, "maximum", "exclusiveMaximum", min)
    return Field(
        name=name,
        title=title if isinstance(title, str) and title not in ("", name) else _titled(name),
        description=part.text("description"),
        type=first,
        also=tuple(others),
        item=_item(part) if first == "array" else None,
        default=part.get("default"),
        required=required,
        choices=choices,
        minimum=low,
        maximum=high,
        excludes_minimum=excludes_low,
        excludes_maximum=excludes_high,
        min_length=part.count("minLength"),
        max_length=part.count("maxLength"),
        min_items=part.count("minItems"),
        max_items=part.count("maxItems"),
        nullable=bool(part.get("nullable")),
        secret=bool(
            part.get("format") == "password" or part.get("writeOnly") or part.get("x-cog-secret")
        ),
        deprecated=bool(part.get("deprecated")),
    )


def _limit(
    part: Part, name: str, exclusive: str, narrower: Callable[[float, float], float]
) -> tuple[float | None, bool]:
    """Return a limit, and whether it is itself out of range: in OpenAPI 3.0 `exclusive…` is a flag
    of the other, in 3.1 it is a limit of its own."""
    limit, own = part.number(name), part.number(exclusive)
    if own is None:
        return limit, limit is not None and part.get(exclusive) is True
    if limit is None or own == limit:
        return own, True
    narrow = narrower(limit, own)
    return narrow, narrow == own


def _item(part: Part) -> Field | None:
    """Return what each item of a list is, or None when that isn't known."""
    items = part.items
    if part.is_too_deep or (len(_types(items)) != 1 and not items.values("enum")):
        return None
    return _read_field("item", items)


def _types(part: Part) -> list[FieldType]:
    """Return the types that a schema declares; none when it doesn't say."""
    match part.get("type"):
        case "string":
            return ["file" if part.get("format") == "uri" else "string"]
        case "array":
            items = [] if part.is_too_deep else _types(part.items)
            return ["files" if items == ["file"] else "array"]
        case "integer" | "number" | "boolean" | "object" as plain:
            return [plain]
        case None if "properties" in part.facts:
            return ["object"]
        case _ if not part.is_too_deep:
            found = [kind for one in part.alternatives for kind in _types(one)]
            return list(dict.fromkeys(found))
        case _:
            return []


def _type_of(choice: Any) -> FieldType:
    match choice:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case _:
            return "any"


def _titled(name: str) -> str:
    return name.replace("_", " ").title() or name


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean “{close[0]}”?" if close else "."
    return f"This model has no setting “{name}”{hint}"
