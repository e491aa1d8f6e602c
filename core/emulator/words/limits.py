"""How long an answer shall be: read from a request, and kept."""

import re
from dataclasses import dataclass

from core.emulator.words.plain import listed, sentences
from core.emulator.words.questions import NUMBER, number

MAX_PARAGRAPHS = 8


@dataclass(frozen=True)
class Limit:
    """What was asked of an answer's length; None is not asked."""

    sentences: int | None = None
    words: int | None = None
    paragraphs: int | None = None

    def or_else(self, other: "Limit") -> "Limit":
        """Return this limit, or the other one where this asks for nothing."""
        return other if self == Limit() else self


def limit_in(text: str) -> Limit:
    """Read what a request says about length ("in one sentence", "in 50 words", "briefly")."""
    head = text[:600]
    if found := _WORDS.search(head):
        return Limit(words=number(found[1]))
    if found := _SENTENCES.search(head):
        return Limit(sentences=number(found[1]))
    if found := _PARAGRAPHS.search(head):
        return Limit(paragraphs=min(number(found[1]) or 1, MAX_PARAGRAPHS))
    return Limit(sentences=2) if _BRIEF.search(head) else Limit()


def within(body: str, limit: Limit) -> str:
    """Return as much of an answer as the limit allows, as running text if it is in the way."""
    if limit.sentences:
        body = " ".join(sentences(as_running_text(body))[: limit.sentences])
    if limit.words and len(body.split()) > limit.words:
        body = _first_words(as_running_text(body), limit.words)
    return body


def as_running_text(body: str) -> str:
    """Return Markdown as running text: the items of a list become parts of one sentence."""
    running: list[str] = []
    items: list[str] = []
    for line in [*body.split("\n"), ""]:
        if found := _ITEM.fullmatch(line):
            items.append(re.split(r"[.:]?\*\*[:.]? |[.] ", found[1], maxsplit=1)[0].strip("*. "))
        else:
            if items and line.strip():
                running.append(f"{listed(items)}.")
                items = []
            running.append(line.strip())
    if items:
        running.append(f"{listed(items)}.")
    return " ".join(part for part in running if part)


_WORDS = re.compile(
    rf"\b(?:in|within|under|exactly|about|around|most|than|using|with|to|of|a)[ ](?:a[ ])?"
    rf"({NUMBER})[ -]words?\b",
    re.IGNORECASE,
)
_SENTENCES = re.compile(
    rf"\b({NUMBER})[ -](?:(?:short|simple|single|full|brief|long)[ ])?sentences?\b", re.IGNORECASE
)
_PARAGRAPHS = re.compile(
    rf"\b({NUMBER})[ -](?:(?:short|long|brief)[ ])?paragraphs?\b", re.IGNORECASE
)
_BRIEF = re.compile(
    r"\b(?:briefly|concise|concisely|tl;?dr|in short|in brief"
    r"|(?:be|keep it|very|more) (?:brief|short)"
    r"|(?:short|brief) (?:answer|reply|summary|explanation)s?)\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+(.*)")


def _first_words(text: str, count: int) -> str:
    """Return whole sentences of at most so many words, or the beginning of the first one."""
    kept: list[str] = []
    for sentence in sentences(text):
        if len(" ".join([*kept, sentence]).split()) > count:
            break
        kept.append(sentence)
    return " ".join(kept) or " ".join(text.split()[:count]).rstrip(" ,;:.*") + "…"
