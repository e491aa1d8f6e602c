"""Reads OpenAPI documents as loose as real ones are: references are followed where they lead."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Facts: TypeAlias = Mapping[str, Any]
"""A schema without references and `allOf`: what all of its parts say together."""


class Document:
    """An OpenAPI document, whatever it holds."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._followed: dict[str, dict[str, Any]] = {}
        schemas = self._at(("components", "schemas"))
        self.schemas: Mapping[str, Any] = schemas if isinstance(schemas, Mapping) else {}

    @property
    def input(self) -> dict[str, Any]:
        """The facts of its input; each of its properties is a schema as it was written."""
        facts = self.facts(self.schemas.get("Input"))
        properties = mapping(facts.get("properties"))
        facts["properties"] = {
            name: declared for name, declared in properties.items() if isinstance(declared, Mapping)
        }
        facts["required"] = [name for name in listed(facts.get("required")) if name in properties]
        return facts

    @property
    def output(self) -> dict[str, Any]:
        """The facts of its output; none where it doesn't say."""
        return self.facts(self.schemas.get("Output"))

    def facts(self, declared: Any) -> dict[str, Any]:
        """Return what a schema says; a reference that leads nowhere, or in a circle, adds nothing.

        What stands beside a reference goes before what it leads to.
        """
        declared = mapping(declared)
        merged: dict[str, Any] = {}
        if isinstance(reference := declared.get("$ref"), str):
            merged = self._follow(reference)
        for part in listed(declared.get("allOf")):
            merged = _joined(merged, self.facts(part))
        own = {name: value for name, value in declared.items() if name not in ("$ref", "allOf")}
        if isinstance(kinds := own.get("type"), list):  # OpenAPI 3.1
            own["type"] = next((kind for kind in kinds if kind != "null"), "null")
        return _joined(merged, own)

    def alternatives(self, facts: Facts) -> list[dict[str, Any]]:
        """Return the facts of a union's members but for null; none if it is no union."""
        own = {name: value for name, value in facts.items() if name not in ("anyOf", "oneOf")}
        members = [
            self.facts(part) for part in listed(facts.get("anyOf")) or listed(facts.get("oneOf"))
        ]
        return [_joined(own, member) for member in members if member.get("type") != "null"]

    def is_uri(self, declared: Any) -> bool:
        """Tell whether a schema is a file's URI, a list of them, or a union with one of these."""
        facts = self.facts(declared)
        if facts.get("type") == "array":
            return self.facts(facts.get("items")).get("format") == "uri"
        return facts.get("format") == "uri" or any(
            one.get("format") == "uri" or self.facts(one.get("items")).get("format") == "uri"
            for one in self.alternatives(facts)
        )

    def _follow(self, reference: str) -> dict[str, Any]:
        """Return the facts of what a reference leads to, read once however often it is met."""
        if reference not in self._followed:
            self._followed[reference] = {}  # what it adds where it leads back to itself
            self._followed[reference] = self.facts(self._found(reference))
        return self._followed[reference]

    def _found(self, reference: str) -> Any:
        """Follow a JSON pointer within the document; another document's is never fetched."""
        if not reference.startswith("#/"):
            return None
        parts = reference.removeprefix("#/").split("/")
        return self._at([part.replace("~1", "/").replace("~0", "~") for part in parts])

    def _at(self, path: Iterable[str]) -> Any:
        found: Any = self._document
        for part in path:
            found = mapping(found).get(part)
        return found


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, an empty one in the place of anything else."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """Return a JSON array, an empty one in the place of anything else."""
    return value if isinstance(value, list) else []


def number_in(facts: Facts, *names: str) -> float | None:
    """Return the first of some keywords that is a number."""
    for name in names:
        value = facts.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
    return None


def _joined(first: Facts, second: Facts) -> dict[str, Any]:
    joined = {**first, **second}
    if properties := {**mapping(first.get("properties")), **mapping(second.get("properties"))}:
        joined["properties"] = properties
    if required := [*listed(first.get("required")), *listed(second.get("required"))]:
        joined["required"] = required
    return joined
