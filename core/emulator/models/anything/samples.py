"""Example inputs: what a schema requires, filled plausibly, with small files where files go."""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Any

from core.emulator.models.anything.files import KINDS
from core.emulator.models.anything.kinds import Kind, Makes, kind_of_input
from core.emulator.models.anything.reading import Document, Facts, listed, mapping, number_in
from core.emulator.models.anything.wishes import PROMPTS, Wish

_PROMPTS: dict[Kind, str] = {
    "image": "A red fox asleep in a snowy birch forest, first morning light",
    "video": "Waves roll onto a pebble beach at dusk, a lighthouse turns its beam",
    "audio": "A calm evening by the sea, with a soft guitar.",
    "text": "Explain tides to a ten-year-old in three sentences.",
    "mesh": "A round teapot",
    "archive": "A red fox in the style of old woodcuts",
    "vector": "The ferry leaves at nine.",
    "data": "The ferry leaves at nine, and nobody is late.",
}
_ENDINGS: dict[Kind, str] = {"image": "png", "video": "mp4", "audio": "mp3", "mesh": "glb"}
_DEEPEST = 8


def example_input(document: Document, makes: Makes, given: Any = None) -> dict[str, Any]:
    """Return an input that a model takes: all that it requires, and something to go by.

    Args:
        given: the input of an example that came with the schema. What of it can be used is: its
            files are far away.
    """
    declared = document.input
    properties: Mapping[str, Any] = declared["properties"]
    made = {
        name: value
        for name, value in mapping(given).items()
        if name in properties and value is not None and not document.is_uri(properties[name])
    }
    wanted = declared["required"] + _subject(
        document, properties, is_alone=not declared["required"]
    )
    samples = _Samples(document, makes)
    for name in wanted:
        if name not in made:
            made[name] = samples.value(properties.get(name), name)
    return made


def _subject(document: Document, properties: Mapping[str, Any], *, is_alone: bool) -> list[str]:
    """Return the input that says what to make; one with a default only where nothing else is."""
    for name in PROMPTS:
        if name in properties:
            facts = document.facts(properties[name])
            is_open = facts.get("type") == "string" and facts.get("format") != "uri"
            return [name] if is_open and (is_alone or not facts.get("default")) else []
    return []


class _Samples:
    """Values for schemas, as plain as they can be."""

    def __init__(self, document: Document, makes: Makes) -> None:
        self._document = document
        self._makes = makes

    def value(self, declared: Any, name: str, depth: int = 0) -> Any:
        """Return a value that a schema takes."""
        facts = self._document.facts(declared)
        choices = listed(facts.get("enum"))
        default = facts.get("default")
        if default not in (None, "", []) and (not choices or default in choices):
            return default
        if choices:
            return choices[0]
        if alternatives := self._document.alternatives(facts):
            return self.value(alternatives[0], name, depth + 1) if depth < _DEEPEST else None
        match facts.get("type"):
            case "string" | None if facts.get("format") == "uri":
                return _file(kind_of_input(name, str(facts.get("description") or "")))
            case "integer":
                return int(_least(facts, 1))
            case "number":
                return _least(facts, 0.5)
            case "boolean":
                return False
            case "array":
                return self._array(facts, name, depth)
            case "object":
                properties = mapping(facts.get("properties"))
                required = listed(facts.get("required")) if depth < _DEEPEST else []
                return {one: self.value(properties.get(one), one, depth + 1) for one in required}
            case _:
                return self._text(facts, name)

    def _array(self, facts: Facts, name: str, depth: int) -> list[Any]:
        count = max(int(number_in(facts, "minItems") or 0), 1 if depth == 0 else 0)
        return [self.value(facts.get("items"), name, depth + 1) for _ in range(min(count, 100))]

    def _text(self, facts: Facts, name: str) -> str:
        if "json" in name.lower():
            text = '[["Where do ferries sleep?", "In the harbour."]]'
        elif facts.get("format") == "password" or facts.get("x-cog-secret"):
            text = "none"
        else:
            text = _PROMPTS[self._makes.kind]
        least, most = number_in(facts, "minLength") or 0, number_in(facts, "maxLength")
        return text.ljust(int(least), ".")[: None if most is None else int(most)]


def _least(facts: Facts, otherwise: float) -> float:
    low, high = number_in(facts, "minimum"), number_in(facts, "maximum")
    above, below = number_in(facts, "exclusiveMinimum"), number_in(facts, "exclusiveMaximum")
    if low is None and above is not None:
        low = above + 1
    if high is None and below is not None:
        high = below - 1
    if low is not None and high is not None:
        return max(low, min(otherwise, high))
    return max(otherwise, low) if low is not None else min(otherwise, high or otherwise)


@cache
def _file(kind: Kind) -> str:
    """Return a small file of a kind as a data URL."""
    ending = _ENDINGS.get(kind, "zip")
    made = KINDS[ending]
    wish = Wish(_PROMPTS[kind], size=(96, 64), seconds=0.5)
    data = base64.b64encode(made.make(wish, 0, lambda done, total: None)).decode()
    return f"data:{made.media_type};base64,{data}"
