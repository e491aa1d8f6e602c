"""What a model's output is, by its schema: text, files, JSON, and where in it the files lie."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from core.models.documents import Part
from core.models.mediakinds import MediaKind, kind_in_words, media_type_of

OutputKind = Literal["text", "file", "files", "json"]

_URL_BEGINNINGS = ("https://", "http://", "data:")


class Output:
    """What is known of a model's output.

    Args:
        part: its schema; None when there is none.
    """

    def __init__(self, part: Part | None = None) -> None:
        self._part = part

    @property
    def kind(self) -> OutputKind:
        """What the whole output is; `json` is anything but text or files, and the unknown."""
        if self._part is None:
            return "json"
        if self.streams:
            return "text"
        match _shape(self._part):
            case "text" | "file" | "files" as plain:
                return plain
            case _:
                return "json"

    @property
    def streams(self) -> bool:
        """Whether it is text that comes in pieces."""
        part = self._part
        if part is None or part.get("type") != "array" or _shape(part.items) != "text":
            return False
        return (
            part.text("x-cog-array-display") == "concatenate"
            or part.text("x-cog-array-type") == "iterator"
        )

    @property
    def media(self) -> MediaKind:
        """What kind of media its files seem to be, by what is said of them."""
        if self._part is None:
            return "any"
        texts = [part.text(name) for part in _within(self._part) for name in _SAID]
        return kind_in_words("", *texts)

    def file_urls(self, output: Any) -> list[str]:
        """Return the URLs of the files in an output, in their order, wherever they lie in it."""
        if self._part is None:
            return list(_plain(output))
        return list(_urls(output, self._part))


_SAID = ("title", "description", "contentMediaType")


def _shape(part: Part) -> OutputKind | Literal["array"]:
    match part.get("type"):
        case "string":
            return "file" if part.get("format") == "uri" else "text"
        case "array" if not part.is_too_deep:
            # Of lists of lists of files one comes after the other.
            return "files" if _shape(part.items) in ("file", "files") else "array"
        case None if not part.is_too_deep:
            shapes = {_shape(one) for one in part.alternatives}
            return shapes.pop() if len(shapes) == 1 else "json"
        case _:
            return "json"


def _within(part: Part) -> Iterator[Part]:
    yield part
    if part.is_too_deep:
        return
    inner = [*part.properties.values(), *part.alternatives]
    if part.get("items") is not None:
        inner.append(part.items)
    for one in inner:
        yield from _within(one)


def _urls(value: Any, part: Part) -> Iterator[str]:
    match value:
        case str() if part.get("format") == "uri":
            yield value
        case str() if not part.facts.keys() & _TELLING and _is_file(value):
            yield value
        case list() if part.alternatives:  # a union: the first of its forms that knows of files
            found = (list(_urls(value, one)) for one in part.alternatives)
            yield from next(filter(None, found), ())
        case list():
            for item in value:
                yield from _urls(item, part.items)
        case dict():
            properties = part.properties
            unknown = part.part(None)
            for name, item in value.items():
                yield from _urls(item, properties.get(name, unknown))
        case _:
            return


_TELLING = {"type", "enum", "anyOf", "oneOf", "properties", "items"}


def _is_file(text: str) -> bool:
    """Tell whether a text of which nothing is known is the URL of a file."""
    is_url = text.startswith(_URL_BEGINNINGS) and not re.search(r"\s", text[:2000])
    return is_url and media_type_of(text) not in (None, "text/html")


def _plain(output: Any) -> Iterator[str]:
    """Yield the URLs of an output that is one, or a list of them, whatever their ending."""
    match output:
        case str() if output.startswith(_URL_BEGINNINGS):
            yield output
        case list():
            for item in output:
                yield from _plain(item)
        case dict():
            yield from _urls(output, Part({}, {}))
