"""Answers made from a text that the question brings along: a summary, a translation."""

import re
from collections import Counter
from random import Random

from core.emulator.words.languages import LANGUAGE_NAMES, PHRASES
from core.emulator.words.plain import escaped, one_line, quoted, sentences, shortened
from core.emulator.words.questions import STOP_WORDS, Question

MAX_MATERIAL_LETTERS = 12_000
MAX_SUMMARY_SENTENCES = 3


def summary(question: Question, rng: Random) -> str:
    """Return the sentences that hold most of the text's frequent words, in their order."""
    text = one_line(_material(question.raw))
    found = sentences(text)
    if len(text.split()) < 8:
        return "Send me the text along with the request, and I will pick out what matters in it."
    keep = min(question.count or MAX_SUMMARY_SENTENCES, max(1, len(found) // 2), 10)
    picked = [escaped(shortened(line, 240)) for line in _weightiest(found, keep)]
    if question.asks(r"\b(?:bullets?|bullet points?|list|points|takeaways)\b"):
        return "In short:\n\n" + "\n".join(f"- {line}" for line in picked)
    return f"In short: {' '.join(picked)}"


def translation(question: Question, rng: Random) -> str:
    """Return the translation of a phrase that is known by heart, or say that there is none."""
    text = one_line(_material(question.raw))
    found = re.search(rf"\b({LANGUAGE_NAMES}|english)\b", question.text, re.IGNORECASE)
    language = found[1].capitalize() if found else "another language"
    phrase = re.sub(r"[^\w ]|\b(?:into|to|in) \w+$", "", text.lower()).strip()
    if translated := PHRASES.get(phrase, {}).get(language):
        return f"In {language}: **{translated}**"
    if not phrase:
        return f"Send me the words along with the request, and say that it is {language} you want."
    known = rng.sample(sorted(PHRASES), 2)
    return (
        f"A translation of {quoted(text)} into {language} needs a real model. A few phrases I know "
        f"by "
        f"heart; try “{known[0]}” or “{known[1]}”."
    )


_INSTRUCTION = re.compile(
    r"\A(?=.{0,200}?\b(?:summari[sz]e|summary|tl;?dr|translat|say|key points)).{0,200}?(?::\s|\n)",
    re.IGNORECASE | re.DOTALL,
)
_REQUEST = re.compile(
    rf"""\A\W*(?:(?:please|can|could|you|how\ do)\s+)*(?:summari[sz]e|translate|say|tl;?dr)\b
        (?:\s+(?:this|the|following|text|article|for|me|sentence|phrase|word|it))*[:,]?\s*
        (?:(?:in|into|to)\s+(?:{LANGUAGE_NAMES}|english)\b[:,]?\s*)?""",
    re.IGNORECASE | re.VERBOSE,
)

_TARGET = re.compile(rf"\s(?:in|into|to)\s(?:{LANGUAGE_NAMES}|english)\W*\Z", re.IGNORECASE)


def _material(raw: str) -> str:
    """Return the text that a request is about, without the request."""
    text = raw[:MAX_MATERIAL_LETTERS].strip()
    if (found := _INSTRUCTION.match(text)) and len(text) > found.end():
        return text[found.end() :]
    return _TARGET.sub("", _REQUEST.sub("", text, count=1)).strip(" '\"“”")


def _weightiest(found: list[str], count: int) -> list[str]:
    words = [[w for w in re.findall(r"\w+", line.lower()) if w not in STOP_WORDS] for line in found]
    frequency = Counter(word for line in words for word in line)
    weights = [sum(frequency[w] for w in set(line)) / (len(line) + 4) for line in words]
    best = sorted(range(len(found)), key=lambda index: (-weights[index], index))[:count]
    return [found[index] for index in sorted(best)]
