"""Walks an output's schema and composes a value that fits it, the same one for the same input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from core.emulator.models.anything.files import KINDS
from core.emulator.models.anything.kinds import Makes, ending_for
from core.emulator.models.anything.reading import Document, Facts, listed, mapping, number_in
from core.emulator.models.anything.strings import text_for
from core.emulator.models.anything.wishes import Wish
from core.emulator.runner import Draft
from core.emulator.sounds import NOTE

_MOST_VALUES = 2_000
"""From here on only what must be there is composed: schemas can be endless."""

_DEEP = 8
_DEEPEST = 24
_MOST_ITEMS = 100
_MOST_LEAST_ITEMS = 1_000
_MOST_LETTERS = 100_000
_VECTOR_LENGTH = 128
_USUAL_ITEMS = 3
_RANGE = 100


@dataclass
class Composer:
    """Composes one output.

    Args:
        makes: what its model seems to make.
        seed: varies the files, together with the wish.
        digest: stands for the whole input.
        answer: writes what a text model would say.
    """

    document: Document
    makes: Makes
    wish: Wish
    seed: int
    digest: int
    answer: Callable[[], str]
    _rng: Random = field(init=False)
    _values: int = field(default=0, init=False)
    _files: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._rng = Random(f"{self.seed}/{self.digest}")

    def output(self, facts: Facts) -> Any:
        """Return an output, with `Draft`s where its files go."""
        return self._value(facts, (), 0)

    def _value(self, declared: Any, names: tuple[str, ...], depth: int) -> Any:
        """Return a value for a schema.

        Args:
            names: of the properties that lead to it, the nearest first.
        """
        self._values += 1
        facts = self.document.facts(declared)
        if depth > _DEEPEST:  # a type that can't be without another one of itself
            return None
        if "const" in facts:
            return facts["const"]
        if choices := listed(facts.get("enum")):
            return self._rng.choice([one for one in choices if one is not None] or [None])
        if alternatives := self.document.alternatives(facts):
            return self._value(self._one_of(alternatives, depth), names, depth + 1)
        match facts.get("type") or _implied(facts):
            case "string" if facts.get("format") == "uri":
                return self.file(names, facts)
            case "string":
                return self._text(facts, names, is_whole=depth == 0)
            case "integer":
                return self._integer(facts)
            case "number":
                return self._number(facts)
            case "boolean":
                return self._rng.random() < 0.5
            case "array":
                return self._array(facts, names, depth)
            case "object":
                return self._object(facts, names, depth)
            case "null":
                return None
            case _:
                return self._anything(names, depth)

    def _one_of(self, alternatives: list[dict[str, Any]], depth: int) -> Facts:
        """Return a union's member: the first, but numbers for a model that makes them."""
        if self._is_enough(depth):
            return alternatives[-1]
        if self.makes.kind == "vector":
            return next(
                (one for one in alternatives if one.get("type") == "array"), alternatives[0]
            )
        return alternatives[0]

    def file(self, names: tuple[str, ...] = (), facts: Facts | None = None) -> Draft:
        """Return the next file, of the kind that fits its names."""
        ending = ending_for(names, self.makes.file, self.wish.ending, said=facts)
        number, kind = self._files, KINDS[ending]
        self._files += 1
        return Draft(
            f"out-{number}.{ending}",
            kind.media_type,
            lambda on_step: kind.make(self.wish, self.seed + number, on_step),
        )

    def _text(self, facts: Facts, names: tuple[str, ...], *, is_whole: bool) -> str:
        text = self.answer() if is_whole else text_for(names, facts, self.wish.prompt, self._rng)
        least, most = (number_in(facts, name) for name in ("minLength", "maxLength"))
        if least is not None:
            text = text.ljust(min(int(least), _MOST_LETTERS), ".")
        return text if most is None else text[: max(int(most), 0)]

    def _integer(self, facts: Facts) -> int:
        step = max(int(number_in(facts, "multipleOf") or 1), 1)
        low, high = _range(facts, apart=1, span=_RANGE)
        first, last = -(-low // step), high // step
        return int(self._rng.randint(int(first), int(max(first, last)))) * step

    def _number(self, facts: Facts) -> float:
        low, high = _range(facts, apart=1e-3, span=1.0)
        return min(max(round(self._rng.uniform(low, high), 4), low), high)

    def _array(self, facts: Facts, names: tuple[str, ...], depth: int) -> list[Any]:
        items = facts.get("items")
        if isinstance(items, list) or "prefixItems" in facts:  # a tuple
            parts = listed(facts.get("prefixItems")) or listed(items)
            return [self._value(part, names, depth + 1) for part in parts[:_MOST_ITEMS]]
        known = self.document.facts(items)
        if known.get("type") in ("number", None) and self._is_vector(known, names):
            return self._vector(self._count(facts, _VECTOR_LENGTH, depth), known)
        usual = _USUAL_ITEMS
        if known.get("format") == "uri" or (self.makes.is_files and not known.get("type")):
            usual = self.wish.count
        elif known.get("type") == "array" and self.document.is_uri(known):  # one list at a time
            usual = 1
        made = [
            self._value(items, names, depth + 1) for _ in range(self._count(facts, usual, depth))
        ]
        return _unique(made) if facts.get("uniqueItems") else made

    def _is_vector(self, item: Facts, names: tuple[str, ...]) -> bool:
        if item.get("type") == "number":
            return self.makes.kind == "vector" or not names
        return self.makes.kind == "vector" and not self.document.alternatives(item)

    def _count(self, facts: Facts, usual: int, depth: int) -> int:
        least = min(int(number_in(facts, "minItems") or 0), _MOST_LEAST_ITEMS)
        most = number_in(facts, "maxItems")
        count = least if self._is_enough(depth) else max(usual, least)
        return count if most is None else min(count, int(most))

    def _vector(self, length: int, item: Facts) -> list[float]:
        if item.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
            return [self._number(item) for _ in range(length)]
        values = [self._rng.gauss(0, 1) for _ in range(length)]
        norm = sum(value * value for value in values) ** 0.5 or 1.0
        return [round(value / norm, 6) for value in values]

    def _object(self, facts: Facts, names: tuple[str, ...], depth: int) -> dict[str, Any]:
        properties = mapping(facts.get("properties"))
        required = listed(facts.get("required"))
        if not properties and not required:
            return self._map(facts, names, depth)
        made: dict[str, Any] = {}
        for name in dict.fromkeys((*properties, *required)):
            if name in required or not self._is_enough(depth):
                said = mapping(properties.get(name)).get("title")
                near = (name, said) if isinstance(said, str) else (name,)
                made[name] = self._value(properties.get(name), (*near, *names), depth + 1)
        return made

    def _map(self, facts: Facts, names: tuple[str, ...], depth: int) -> dict[str, Any]:
        """Return an object whose properties have no names: of one type, or of none."""
        if isinstance(values := facts.get("additionalProperties"), Mapping) and values:
            keys = () if self._is_enough(depth) else ("first", "second")
            return {key: self._value(values, (key, *names), depth + 1) for key in keys}
        made: dict[str, Any] = {"note": NOTE}
        if depth == 0 and self.makes.is_files:
            made[self.makes.file] = self.file(names)
        return made

    def _anything(self, names: tuple[str, ...], depth: int) -> Any:
        """Return what the model seems to make, where the schema doesn't say."""
        if self._is_enough(depth):
            return None
        if self.makes.is_files and not names:
            return self.file()
        if self.makes.kind == "vector" and depth == 0:
            return self._vector(_VECTOR_LENGTH, {})
        if self.makes.kind in ("vector", "data") and depth > 0:
            return self._number({})
        return {"note": NOTE, "about": self.wish.prompt[:200]}

    def _is_enough(self, depth: int) -> bool:
        return depth > _DEEP or self._values > _MOST_VALUES


def _implied(facts: Facts) -> str | None:
    """Return the type that a schema's other keywords mean, where it names none."""
    if "properties" in facts or "additionalProperties" in facts:
        return "object"
    if "items" in facts or "prefixItems" in facts:
        return "array"
    return "string" if "format" in facts else None


def _range(facts: Facts, *, apart: float, span: float) -> tuple[float, float]:
    """Return the least and the greatest number; what is open is so far from the other end."""
    low, high = number_in(facts, "minimum"), number_in(facts, "maximum")
    above, below = number_in(facts, "exclusiveMinimum"), number_in(facts, "exclusiveMaximum")
    # In OpenAPI 3.0 these are switches: the limit itself is out.
    if facts.get("exclusiveMinimum") is True:
        above, low = low, None
    if facts.get("exclusiveMaximum") is True:
        below, high = high, None
    if above is not None:
        low = above + apart if low is None else max(low, above + apart)
    if below is not None:
        high = below - apart if high is None else min(high, below - apart)
    if low is None:
        low = min(0.0, high - span) if high is not None else 0.0
    if high is None:
        high = low + span
    return low, max(low, high)


def _unique(items: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept
