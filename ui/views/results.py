"""What a run has made, as parts that are each shown as what they are. Pure: values in, parts out.

Texts in them are strangers' words: whoever puts them into HTML escapes them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, TypeAlias

from core.downloads.outputs import Place, located_urls
from core.history.records import Job, MediaFile
from ui.views.jsontree import Node, tree, without_content

_PICTURES = {f"image/{name}" for name in ("png", "jpeg", "webp", "gif", "avif", "bmp")}
"""What every browser draws. An SVG isn't among them: opened by itself, it may run scripts."""

_LONG_CHARACTERS = 60
"""A longer text is read as one; a shorter one stays a value among values."""

_TEXTS_IN_A_ROW = 20
_DEEPEST = 6
"""How deep an output is taken apart; what lies deeper is shown as data."""

_GLIMPSED = 6
_GLIMPSED_DEEP = 3
_GLIMPSED_CHARACTERS = 200


@dataclass(frozen=True)
class Gallery:
    """Neighbouring pictures; `names` are the keys that they have in an object, or none."""

    files: tuple[MediaFile, ...]
    names: tuple[str, ...] = ()
    kind: ClassVar[str] = "gallery"


@dataclass(frozen=True)
class Clip:
    """A video."""

    file: MediaFile
    kind: ClassVar[str] = "clip"


@dataclass(frozen=True)
class Sound:
    """Something to listen to."""

    file: MediaFile
    kind: ClassVar[str] = "sound"


@dataclass(frozen=True)
class Download:
    """A file that a browser doesn't show."""

    file: MediaFile
    kind: ClassVar[str] = "download"


@dataclass(frozen=True)
class Words:
    """A text, exactly as it came."""

    text: str
    kind: ClassVar[str] = "words"

    @property
    def passages(self) -> tuple[tuple[bool, str], ...]:
        """The text in pieces, each with whether it is a fenced block of code."""
        pieces = _FENCED.split(self.text)
        return tuple((bool(n % 2), piece) for n, piece in enumerate(pieces) if piece)


@dataclass(frozen=True)
class Data:
    """Values without files: a folding tree."""

    value: Any
    kind: ClassVar[str] = "data"

    @property
    def tree(self) -> Node:
        """The values, cut where they are long."""
        return tree(self.value)


@dataclass(frozen=True)
class Labeled:
    """What stands under a key of an object, or under a number in a list."""

    name: str
    parts: "tuple[Part, ...]"
    kind: ClassVar[str] = "labeled"


Part: TypeAlias = Gallery | Clip | Sound | Download | Words | Data | Labeled

_FENCED = re.compile(r"(^```[^\n]*\n.*?^```[ \t]*$)", re.MULTILINE | re.DOTALL)


def parts_of(job: Job) -> tuple[Part, ...]:
    """Return what a job has made, in the order of its output.

    A file is shown where its URL stands in the output; a URL without a file stays a text. Files
    that stand nowhere come last, so that none is missed.
    """
    if job.text is not None and not job.files:
        return (Words(job.text),) if job.text.strip() else ()
    taking_apart = _TakingApart(job)
    parts = _Parts()
    if job.output is not None and (job.files or job.state.is_settled):
        parts.add(taking_apart.parts(job.output))
    for file in taking_apart.left:
        parts.add([_shown(file)])
    return tuple(parts.found)


def glimpse(output: Any) -> str:
    """Return the beginning of an output that is neither files nor text, in a few lines."""
    return json.dumps(_cut(output, 0), indent=2, ensure_ascii=False)


class _TakingApart:
    """Takes an output apart where there are files in it, or long texts."""

    def __init__(self, job: Job) -> None:
        self._files, self._placeless = _placed(job)
        self._holders = {place[:n] for place in self._files for n in range(len(place) + 1)}

    @property
    def left(self) -> list[MediaFile]:
        """The files that were not met yet."""
        return sorted([*self._files.values(), *self._placeless], key=lambda file: file.n)

    def parts(self, value: Any, place: Place = ()) -> "list[Part]":
        """Return the parts of what stands somewhere in the output."""
        if (file := self._files.pop(place, None)) is not None:
            return [_shown(file)]
        if isinstance(value, str):
            return [Words(without_content(value))]
        if len(place) < _DEEPEST and self._is_mixed(value, place):
            return self._members(value, place)
        return [Data(value)]

    def _is_mixed(self, value: Any, place: Place) -> bool:
        match value:
            case Mapping():
                return place in self._holders or any(map(_is_long, value.values()))
            case list():
                has_texts = len(value) <= _TEXTS_IN_A_ROW and any(map(_is_long, value))
                return place in self._holders or has_texts
            case _:
                return False

    def _members(self, value: "Mapping[str, Any] | list[Any]", place: Place) -> "list[Part]":
        parts = _Parts()
        plain: dict[str, Any] = {}
        has_files = place in self._holders
        for key, item in _items(value):
            here = (*place, key)
            is_text = isinstance(item, str) and (_is_long(item) or isinstance(key, int))
            name = str(key + 1) if isinstance(key, int) else key
            if not is_text and here not in self._holders:
                plain[name] = item
                continue
            parts.add_data(plain)
            plain = {}
            is_bare = isinstance(key, int) and has_files and isinstance(item, str)
            parts.add(self.parts(item, here), "" if is_bare else name)
        parts.add_data(plain)
        return parts.found


class _Parts:
    """Parts as they are put together: neighbouring pictures become one gallery."""

    def __init__(self) -> None:
        self.found: list[Part] = []

    def add(self, parts: "list[Part]", name: str = "") -> None:
        match parts:
            case [Gallery((file,), ())]:
                self._add_picture(file, (name,) if name else ())
            case _ if name:
                self.found.append(Labeled(name, tuple(parts)))
            case _:
                self.found += parts

    def _add_picture(self, file: MediaFile, names: tuple[str, ...]) -> None:
        match self.found:
            case [*_, Gallery() as last] if bool(last.names) == bool(names):
                self.found[-1] = Gallery((*last.files, file), last.names + names)
            case _:
                self.found.append(Gallery((file,), names))

    def add_data(self, values: Mapping[str, Any]) -> None:
        if values:
            self.found.append(Data(values))


def _placed(job: Job) -> tuple[dict[Place, MediaFile], list[MediaFile]]:
    """Return a job's files by their places in its output, and those without one."""
    by_order = list(located_urls(job.output))
    placed: dict[Place, MediaFile] = {}
    placeless = []
    for file in job.files:
        place = file.place
        if place is None and file.n < len(by_order):
            place = by_order[file.n]  # written by a release that kept only the order
        if place is None or place in placed:
            placeless.append(file)
        else:
            placed[place] = file
    return placed, placeless


def _shown(file: MediaFile) -> Part:
    if file.media_type in _PICTURES:
        return Gallery((file,))
    match file.media_type.partition("/")[0]:
        case "video":
            return Clip(file)
        case "audio":
            return Sound(file)
        case _:
            return Download(file)


def _items(value: "Mapping[str, Any] | list[Any]") -> Iterator[tuple[str | int, Any]]:
    yield from value.items() if isinstance(value, Mapping) else enumerate(value)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > _LONG_CHARACTERS or "\n" in value.strip())


def _cut(value: Any, depth: int) -> Any:
    match value:
        case Mapping() | list() if depth == _GLIMPSED_DEEP:
            return "…"
        case Mapping():
            items = islice(value.items(), _GLIMPSED)
            return {key: _cut(item, depth + 1) for key, item in items}
        case list():
            return [_cut(item, depth + 1) for item in value[:_GLIMPSED]]
        case str():
            return without_content(value)[:_GLIMPSED_CHARACTERS]
        case _:
            return value
