"""Handles a person's own text: quoted harmlessly, cut to a length, split into sentences."""

import html
import re


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no live HTML, links, emphasis or fences."""
    # A lone surrogate can't be sent to anyone.
    text = text.encode(errors="replace").decode()
    return _MARKUP.sub(r"\\\1", html.escape(text, quote=False))


def quoted(text: str, *, max_letters: int = 160) -> str:
    """Return one line of someone's text in quotation marks, escaped."""
    return f"“{escaped(shortened(one_line(text[: 4 * max_letters]), max_letters))}”"


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def shortened(text: str, max_letters: int) -> str:
    """Return at most so many letters, cut between words where there are any."""
    if len(text) <= max_letters:
        return text
    head = text[: max_letters - 1]
    space = head.rfind(" ", max_letters // 2)
    return (head if space < 0 else head[:space]).rstrip(" ,;:-–") + "…"


def sentences(text: str) -> list[str]:
    """Return the sentences of one line of prose, each with its closing mark."""
    return [found for part in _SENTENCE_END.split(text) if (found := part.strip())]


def capitalized(text: str) -> str:
    """Return the text with a capital first letter, unless its first word has its own (`iPhone`)."""
    first_word = text.split(" ", 1)[0]
    return text if first_word != first_word.lower() else text[:1].upper() + text[1:]


def listed(items: list[str] | tuple[str, ...], *, conjunction: str = "and") -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


_MARKUP = re.compile(r"([\\`*_\[\]|~#$])")
# Not after an initial or a usual abbreviation, nor inside "3.5" or "Node.js".
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<!\b[A-Z]\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\b[MD]r\.)\s+")
