"""Writes an input as a literal of a language: Python, JavaScript, JSON, JSON within a shell. Pure.

What is written means the same text to the byte, whatever it is, and looks like what it does.
"""

import json
import mimetypes
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class File:
    """A file's place in an input, by the file's name."""

    name: str


@dataclass(frozen=True)
class Secret:
    """The place of a value that isn't written down, by the environment variable that holds it."""

    variable: str


@dataclass(frozen=True, kw_only=True)
class Language:
    """How a language writes the values of JSON.

    Attributes:
        words: of null, true and false.
        text, key: of any text.
        file: of a file's name.
        variable: of an environment variable's name.
        last_comma: what stands behind the last of several lines.
    """

    words: tuple[str, str, str]
    text: Callable[[str], str]
    key: Callable[[str], str]
    file: Callable[[str], str]
    variable: Callable[[str], str]
    indent: str = "  "
    last_comma: str = ","


_LINE_CHARACTERS = 80
"""A list of plain values stays on one line up to this."""


def written(value: Any, language: Language, indent: str = "") -> str:
    """Return a value of JSON, files and secrets, as a language writes it.

    Args:
        indent: of the line that it begins on.
    """
    inner = indent + language.indent
    match value:
        case Mapping():
            items = [
                f"{language.key(key)}: {written(item, language, inner)}"
                for key, item in value.items()
            ]
            return _bracketed("{}", items, language, indent)
        case list():
            items = [written(item, language, inner) for item in value]
            line = f"[{', '.join(items)}]"
            is_flat = not any(isinstance(item, Mapping | list) for item in value)
            if is_flat and len(indent + line) <= _LINE_CHARACTERS:
                return line
            return _bracketed("[]", items, language, indent)
        case File(name):
            return language.file(name)
        case Secret(variable):
            return language.variable(variable)
        case None:
            return language.words[0]
        case bool():
            return language.words[1 if value else 2]
        case str():
            return language.text(value)
        case _:
            return json.dumps(value)


def _bracketed(brackets: str, items: list[str], language: Language, indent: str) -> str:
    if not items:
        return brackets
    inner = f"\n{indent}{language.indent}"
    lines = f",{inner}".join(items)
    return f"{brackets[0]}{inner}{lines}{language.last_comma}\n{indent}{brackets[1]}"


_JOINERS = "\u200c\u200d\u3000"
"""Not printable by Python's word, but part of how words and emoji are written."""


def _quoted(text: str, escape: Callable[[str], str]) -> str:
    """Write a text in double quotes, for JSON and what has its escapes.

    What can't be seen, such as marks that turn the direction of writing, is escaped: code must
    read as what it does, and copying must not lose anything.
    """
    return "".join(
        character if character.isprintable() or character in _JOINERS else escape(character)
        for character in json.dumps(text, ensure_ascii=False)
    )


def _json_text(text: str) -> str:
    return _quoted(text, _utf16_escaped)


def _utf16_escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _python_text(text: str) -> str:
    return _quoted(text, lambda character: character.encode("unicode_escape").decode("ascii"))


def _javascript_key(key: str) -> str:
    if key == "__proto__":  # as a plain key it would set what the object inherits from
        return f"[{_json_text(key)}]"
    is_name = re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", key)
    return key if is_name else _json_text(key)


_SPECIAL_IN_DOCUMENT = re.compile(r"\\\\|[$`]")


def _shell_text(text: str) -> str:
    r"""Write a JSON text for a here-document that the shell looks into.

    There a backslash is one, unless before another, `$` or a backtick: JSON's `\n` stays, and its
    `\\` is doubled.
    """

    def escaped(found: re.Match[str]) -> str:
        return "".join(f"\\{character}" for character in found[0])

    return _SPECIAL_IN_DOCUMENT.sub(escaped, _json_text(text))


def _data_url_in_shell(file_name: str) -> str:
    media_type = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    # base64 breaks its lines, and `curl -d` joins them again.
    return f'"data:{media_type};base64,$(base64 < {shlex.quote(file_name)})"'


PYTHON = Language(
    words=("None", "True", "False"),
    text=_python_text,
    key=_python_text,
    file=lambda name: f"Path({_python_text(name)})",
    variable=lambda name: f"os.environ[{_python_text(name)}]",
    indent=" " * 4,
)

JAVASCRIPT = Language(
    words=("null", "true", "false"),
    text=_json_text,
    key=_javascript_key,
    file=lambda name: f"await readFile({_json_text(name)})",
    variable=lambda name: f"process.env.{name}",
)

JSON_IN_SHELL = Language(
    words=("null", "true", "false"),
    text=_shell_text,
    key=_shell_text,
    file=_data_url_in_shell,
    # `:?` stops with a message when the variable isn't set.
    variable=lambda name: f'"${{{name}:?}}"',
    last_comma="",
)

JSON = replace(JSON_IN_SHELL, text=_json_text, key=_json_text)
