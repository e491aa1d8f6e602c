"""A model's OpenAPI document → its input fields, what its outputs are, and checks of an input.

Real documents are loose: references that lead nowhere, enumerations behind `allOf`, defaults
outside their own choices, inputs without an order or without fields. All are read; what isn't
known isn't checked, and Replicate has the last word.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import InvalidInput
from core.models.fields import Field, FieldType

__all__ = ["Field", "FieldType", "ModelSchema", "OutputKind"]

OutputKind = Literal["text", "file", "files", "json"]
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ModelSchema:
    """What a model takes and gives.

    Attributes:
        fields: in the order of a form.
        is_open: nothing is known of the input, so that anything is let through.
        output_kind: what the whole output is; `json` is anything but text or files.
        streams: the output is text that comes in pieces.
    """

    fields: tuple[Field, ...]
    is_open: bool = False
    output_kind: OutputKind = "json"
    streams: bool = False
    _output: "_Part | None" = field(default=None, repr=False)

    @classmethod
    def from_openapi(cls, openapi_schema: Json | None) -> "ModelSchema":
        """Read a version's `openapi_schema`; None, when there is none, gives an open schema."""
        schemas = _mapping(_mapping(_mapping(openapi_schema).get("components")).get("schemas"))
        given, output = schemas.get("Input"), schemas.get("Output")
        whole = _Part(output, schemas) if isinstance(output, Mapping) else None
        return cls(
            fields=_fields(_Part(given, schemas)) if isinstance(given, Mapping) else (),
            is_open=not isinstance(given, Mapping),
            output_kind="json" if whole is None else _output_kind(whole),
            streams=whole is not None and _streams(whole),
            _output=whole,
        )

    def field(self, name: str) -> Field | None:
        """Return the field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    def validate(self, model_input: Json) -> dict[str, Any]:
        """Return the input to send.

        Raises:
            InvalidInput: it has a field that the model lacks, lacks one that it needs, or has
                one with a value that it doesn't take; `field` names it.
        """
        if self.is_open:
            return dict(model_input)
        by_name = {field.name: field for field in self.fields}
        for name in model_input:
            if name not in by_name:
                raise InvalidInput(_unknown(name, list(by_name)), field=name)
        for wanted in self.fields:
            if wanted.required and wanted.name not in model_input:
                raise InvalidInput(
                    f"{wanted.title} is missing: this model needs it.", field=wanted.name
                )
        return {name: by_name[name].checked(value) for name, value in model_input.items()}

    def file_urls(self, output: Any) -> list[str]:
        """Return the URLs of the files in an output, in their order, wherever they lie in it."""
        if self._output is None:
            # Of an unknown output only the plain forms: a file or a list of files.
            return [text for text in _strings(output) if text.startswith(_URL_BEGINNINGS)]
        return list(_urls(output, self._output))


_URL_BEGINNINGS = ("https://", "http://", "data:")


class _Part:
    """One schema of a document, with its references and `allOf` merged and null as `nullable`."""

    def __init__(self, declared: Any, schemas: Json, *, depth: int = 0) -> None:
        self.schemas = schemas
        self.declared = _mapping(declared)
        self.facts = _merged(self.declared, schemas)
        self._depth = depth

    def part(self, declared: Any) -> "_Part":
        """Return a schema that lies inside this one."""
        return _Part(declared, self.schemas, depth=self._depth + 1)

    def get(self, name: str) -> Any:
        return self.facts.get(name)

    @property
    def items(self) -> "_Part":
        return self.part(self.get("items"))

    @property
    def alternatives(self) -> "list[_Part]":
        return [self.part(one) for one in _alternatives(self.facts)]

    @property
    def types(self) -> list[FieldType]:
        """The types that it declares; none when it doesn't say."""
        match self.get("type"):
            case "string":
                return ["file" if self.get("format") == "uri" else "string"]
            case "array":
                return ["files" if self.item_type == "file" else "array"]
            case "integer" | "number" | "boolean" | "object" as plain:
                return [plain]
            case _ if self._depth < _MAX_DEPTH:
                found = [kind for one in self.alternatives for kind in one.types]
                return list(dict.fromkeys(found))
            case _:
                return []

    @property
    def item_type(self) -> FieldType | None:
        """The one type of an array's items, or None when there are several or it isn't known."""
        if self._depth >= _MAX_DEPTH:
            return None
        match self.items.types:
            case [only]:
                return only
            case _:
                return None


_MAX_DEPTH = 4
"""A type that contains itself (any JSON value) is followed this far."""

_REFERENCE = "#/components/schemas/"


def _merged(declared: Json, schemas: Json, *, seen: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Merge a schema with what it refers to; what stands beside a reference goes before it.

    A reference that leads nowhere, or in a circle, adds nothing.
    """
    merged: dict[str, Any] = {}
    reference = declared.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        found = _mapping(schemas.get(reference.removeprefix(_REFERENCE)))
        merged |= _merged(found, schemas, seen=seen | {reference})
    for part in declared.get("allOf") or ():
        merged |= _merged(_mapping(part), schemas, seen=seen)
    own = {name: value for name, value in declared.items() if name not in ("$ref", "allOf")}
    given = _alternatives(own)
    alternatives = [part for part in given if _mapping(part).get("type") != "null"]
    if len(alternatives) == 1:
        own.pop("anyOf", None)
        own.pop("oneOf", None)
        merged |= _merged(_mapping(alternatives[0]), schemas, seen=seen)
    merged |= own
    if len(alternatives) < len(given):
        merged["nullable"] = True
    if isinstance(kinds := merged.get("type"), list):  # OpenAPI 3.1
        merged["type"] = next((kind for kind in kinds if kind != "null"), None)
        merged["nullable"] = "null" in kinds
    return merged


def _alternatives(facts: Json) -> list[Any]:
    return list(facts.get("anyOf") or facts.get("oneOf") or ())


def _fields(given: _Part) -> tuple[Field, ...]:
    required = given.get("required") or ()
    fields = [
        _field(name, given.part(declared), place=place, required=name in required)
        for place, (name, declared) in enumerate(_mapping(given.get("properties")).items())
    ]
    return tuple(sorted(fields, key=lambda field: field.order))


_UNORDERED = 1_000_000
"""Where fields without an `x-order` go: after those that have one."""


def _field(name: str, part: _Part, *, place: int, required: bool) -> Field:
    choices = tuple(choice for choice in part.get("enum") or () if choice is not None)
    types = part.types
    first, *others = types or [_guessed_type(choices, part.get("default"))]
    title = part.declared.get("title")
    return Field(
        name=name,
        title=title if title and title != name else name.replace("_", " ").title(),
        description=part.get("description") or "",
        type=first,
        also=tuple(others),
        is_certain=bool(choices or types),
        items=part.item_type if first == "array" else None,
        default=part.get("default"),
        required=required,
        choices=choices,
        minimum=part.get("minimum"),
        maximum=part.get("maximum"),
        max_length=part.get("maxLength"),
        nullable=bool(part.get("nullable")),
        secret=bool(
            part.get("format") == "password" or part.get("writeOnly") or part.get("x-cog-secret")
        ),
        deprecated=bool(part.get("deprecated")),
        order=_UNORDERED + place if part.get("x-order") is None else part.get("x-order"),
    )


def _guessed_type(choices: tuple[Any, ...], default: Any) -> FieldType:
    match choices[0] if choices else default:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "string"


def _output_kind(output: _Part) -> OutputKind:
    if _streams(output):
        return "text"
    match output.types:
        case ["string"]:
            return "text"
        case ["file"]:
            return "file"
        case ["files"]:
            return "files"
        case ["array"] if output.item_type == "files":  # one list of files after the other
            return "files"
        case _:
            return "json"


def _streams(output: _Part) -> bool:
    return output.item_type == "string" and (
        output.get("x-cog-array-display") == "concatenate"
        or output.get("x-cog-array-type") == "iterator"
    )


def _urls(value: Any, part: _Part) -> Iterator[str]:
    match value:
        case str() if part.get("format") == "uri":
            yield value
        case list() if part.get("items") is not None:
            for item in value:
                yield from _urls(item, part.items)
        case dict():
            properties = _mapping(part.get("properties"))
            for name, item in value.items():
                yield from _urls(item, part.part(properties.get(name)))
        case list():  # a union of lists: the first of its forms that knows of files
            found = (list(_urls(value, one)) for one in part.alternatives)
            yield from next(filter(None, found), ())
        case _:
            return


def _strings(output: Any) -> list[str]:
    match output:
        case str():
            return [output]
        case list():
            return [text for item in output for text in _strings(item)]
        case _:
            return []


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean “{close[0]}”?" if close else "."
    return f"This model has no setting “{name}”{hint}"


def _mapping(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}
