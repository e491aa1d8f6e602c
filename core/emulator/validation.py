"""Checks an input against a model's schema, as Replicate does before it creates a prediction."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from core.emulator.problems import InvalidField, invalid_input
from core.emulator.runner import ModelCard

_URI_BEGINNINGS = ("https://", "http://", "data:")


def validated(card: ModelCard, model_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return an input with its defaults filled in; fields that the model lacks are ignored.

    What a schema says of a field in a way that can't be read isn't checked: real ones have
    references that lead nowhere, or in a circle.

    Raises:
        Problem: 422, with an entry for each field that is wrong.
    """
    properties = card.input.get("properties", {})
    given = {
        name: value
        for name, value in model_input.items()
        if not (value is None and properties.get(name, {}).get("nullable"))
    }
    missing = [name for name in card.input.get("required", ()) if name not in given]
    wrong = [InvalidField("required", "input", f"{name} is required") for name in missing]
    schemas = _sound(openapi_schema(card)["components"]["schemas"])
    for name in sorted(given.keys() & properties.keys()):
        wrong += _wrong(schemas, properties[name], name, given[name])
    if wrong:
        raise invalid_input(wrong)
    defaults = {
        name: declared["default"]
        for name, declared in properties.items()
        if declared.get("default") is not None
    }
    return {**defaults, **given}


def openapi_schema(card: ModelCard) -> dict[str, Any]:
    """Return the OpenAPI document that describes a model, as its version shows it."""
    if card.document is not None:
        return card.document
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0"},
        "paths": {},
        "components": {"schemas": {**card.schemas, "Input": card.input, "Output": card.output}},
    }


def _sound(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas that an input may refer to and that are schemas."""
    found = {name: one for name, one in schemas.items() if name not in ("Input", "Output")}
    return {name: _without_empty_unions(one) for name, one in found.items() if _is_schema(one)}


def _is_schema(declared: Any) -> bool:
    try:
        Draft202012Validator.check_schema(_without_empty_unions(declared))
    except SchemaError:
        return False
    return True


def _wrong(
    schemas: Mapping[str, Any], declared: Mapping[str, Any], name: str, value: Any
) -> list[InvalidField]:
    if not _is_schema(declared):
        return []
    schema = {**_without_empty_unions(declared), "components": {"schemas": schemas}}
    # An empty registry fetches nothing.
    validator = Draft202012Validator(schema, format_checker=_FORMATS, registry=Registry())
    try:
        errors = sorted(validator.iter_errors(value), key=lambda error: list(error.path))
    except (Unresolvable, RecursionError):
        return []
    return [_invalid_field(error, name) for error in errors]


def _without_empty_unions(schema: Any) -> Any:
    """Drop `anyOf: []`, which real models have and which by the standard nothing would satisfy."""
    match schema:
        case dict():
            return {
                name: _without_empty_unions(part)
                for name, part in schema.items()
                if not (name in ("anyOf", "oneOf") and part == [])
            }
        case list():
            return [_without_empty_unions(part) for part in schema]
        case _:
            return schema


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or value.startswith(_URI_BEGINNINGS)


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("uri")(_is_uri)


def _invalid_field(error: ValidationError, name: str) -> InvalidField:
    field = ".".join(["input", name, *(str(part) for part in error.path)])
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            missing = error.message.split("'")[1]  # only the message says which of them
            return InvalidField("required", field, f"{missing} is required")
        case "type":
            given = _type_name(error.instance)
            return InvalidField(
                "invalid_type", field, f"Invalid type. Expected: {limit}, given: {given}"
            )
        case "enum":
            listed = ", ".join(
                f'"{item}"' if isinstance(item, str) else str(item) for item in limit
            )
            return InvalidField("enum", field, f"{field} must be one of the following: {listed}")
        case "minimum":
            return InvalidField("number_gte", field, f"Must be greater than or equal to {limit}")
        case "maximum":
            return InvalidField("number_lte", field, f"Must be less than or equal to {limit}")
        case "format":
            return InvalidField("format", field, f"Does not match format '{limit}'")
        case "maxItems":
            return InvalidField("array_max_items", field, f"Array must have at most {limit} items")
        case _:
            return InvalidField(str(error.validator), field, error.message)


def _type_name(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
