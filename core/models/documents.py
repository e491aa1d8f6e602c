"""Reads schemas out of an OpenAPI document: references, `allOf`, alternatives and nulls resolved.

Real documents are loose: references that lead nowhere, values of the wrong type, types that contain
themselves. What can't be read is as if it weren't there; nothing here raises or goes on for ever.
"""

import math
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_MAX_DEPTH = 4
"""A type that contains itself (any JSON value) is followed this far."""

_MOST_ALTERNATIVES = 10
_REFERENCE = "#/components/schemas/"


class Part:
    """One schema of a document, with its references and `allOf` merged and null as `nullable`.

    Attributes:
        declared: as it is written.
        facts: as it is meant.
    """

    def __init__(self, declared: Any, schemas: Json, *, depth: int = 0) -> None:
        self.declared = mapping(declared)
        self.facts = _merged(self.declared, schemas)
        self._schemas = schemas
        self._depth = depth

    def part(self, declared: Any) -> "Part":
        """Return a schema that lies inside this one."""
        return Part(declared, self._schemas, depth=self._depth + 1)

    @property
    def is_too_deep(self) -> bool:
        """Whether it lies so deep that what is in it isn't followed any further."""
        return self._depth >= _MAX_DEPTH

    def get(self, name: str) -> Any:
        """Return what is said under a keyword, whatever that is."""
        return self.facts.get(name)

    def text(self, name: str) -> str:
        """Return the text under a keyword, or ""."""
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | float | None:
        """Return the finite number under a keyword."""
        value = self.get(name)
        return value if _is_number(value) else None

    def count(self, name: str) -> int | None:
        """Return the whole number under a keyword."""
        value = self.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def values(self, name: str) -> list[Any]:
        """Return the list under a keyword, or an empty one."""
        value = self.get(name)
        return value if isinstance(value, list) else []

    @property
    def items(self) -> "Part":
        """What each item of a list is."""
        return self.part(self.get("items"))

    @property
    def properties(self) -> dict[str, "Part"]:
        """What the parts of an object are."""
        return {name: self.part(one) for name, one in mapping(self.get("properties")).items()}

    @property
    def alternatives(self) -> list["Part"]:
        """What it may be, where it may be one of several things."""
        return [self.part(one) for one in _alternatives(self.facts)[:_MOST_ALTERNATIVES]]


def mapping(value: Any) -> Json:
    """Return a JSON object, or an empty one in the place of anything else."""
    return value if isinstance(value, Mapping) else {}


def _merged(declared: Json, schemas: Json, *, seen: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Merge a schema with what it refers to; what stands beside a reference goes before it.

    A reference that leads nowhere, or in a circle, adds nothing.
    """
    merged: dict[str, Any] = {}
    reference = declared.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        seen |= {reference}
        meant = mapping(schemas.get(reference.removeprefix(_REFERENCE)))
        merged |= _merged(meant, schemas, seen=seen)
    parts = declared.get("allOf")
    for part in parts if isinstance(parts, list) else ():
        merged |= _merged(mapping(part), schemas, seen=seen)
    own = {name: value for name, value in declared.items() if name not in ("$ref", "allOf")}
    given = _alternatives(own)
    alternatives = [part for part in given if mapping(part).get("type") != "null"]
    if len(alternatives) == 1:
        own.pop("anyOf", None)
        own.pop("oneOf", None)
        merged |= _merged(mapping(alternatives[0]), schemas, seen=seen)
    merged |= own
    if len(alternatives) < len(given):
        merged["nullable"] = True
    if isinstance(kinds := merged.get("type"), list):  # OpenAPI 3.1
        merged["nullable"] = "null" in kinds
        real = [kind for kind in kinds if kind != "null"]
        merged["type"] = real[0] if len(real) == 1 else None
        if len(real) > 1:
            merged["anyOf"] = [{"type": kind} for kind in real]
    return merged


def _alternatives(facts: Json) -> list[Any]:
    found = facts.get("anyOf") or facts.get("oneOf")
    return list(found) if isinstance(found, list) else []


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return is_number and math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False
