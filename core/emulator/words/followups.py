"""Answers that look back: the same again, shorter, longer, one of the items, what was said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from core.emulator.words.conversations import Message
from core.emulator.words.limits import as_running_text
from core.emulator.words.plain import quoted, sentences, shortened
from core.emulator.words.prose import further
from core.emulator.words.questions import MAX_READ_LETTERS, NUMBER, Question, number, read

MAX_WORDS = 14
"""A longer message is taken to stand by itself."""

_MAX_LETTERS = 300
_MAX_ITEMS = 10


@dataclass(frozen=True)
class Earlier:
    """What came before the last message."""

    asked: tuple[str, ...]  # the person's earlier messages, oldest first
    answered: str  # the last answer, without its closing note

    @property
    def question(self) -> Question:
        """The last earlier message that has a topic, or the last of all."""
        questions = [read(text) for text in self.asked[-6:]]
        return next((q for q in reversed(questions) if q.topic or q.keywords), questions[-1])

    @property
    def name(self) -> str:
        """What the person said to be called, or nothing."""
        found = [match[1] for text in self.asked if (match := _NAME.search(text[:400]))]
        return found[-1] if found else ""


def earlier_in(messages: Sequence[Message]) -> Earlier | None:
    """Return what came before the last message, or None if it is the first."""
    asked = tuple(message.text for message in messages[:-1] if message.role == "user")
    answers = [message.text for message in messages[:-1] if message.role == "assistant"]
    if not asked:
        return None
    return Earlier(asked, _harmless(answers[-1]) if answers else "")


def looking_back(question: Question, earlier: Earlier, rng: Random) -> str | None:
    """Return an answer made from the earlier turns, or None if the question needs another one."""
    if found := _WHAT_DID_I_SAY.search(question.text):
        first = "first" in found[0].lower()
        said = quoted(earlier.asked[0 if first else -1])
        return f"{'Your first message' if first else 'Just before this you wrote'}: {said}"
    if len(question.text.split()) > MAX_WORDS:
        return None
    if question.asks(r"\bwhat(?:'s| is) my name\b|\bwho am i\b") and (name := earlier.name):
        return f"You told me that your name is **{name}**."
    topic = earlier.question.subject
    if (position := _position(question)) and (items := _items(earlier.answered)):
        if abs(position) > len(items):
            return f"There {_were(len(items))} so far. Ask for more, and I will go on with {topic}."
        chosen = items[position - 1 if position > 0 else position]
        return f"You mean this one:\n\n> {chosen}\n\n{further(topic, rng)}"
    if question.asks(_SHORTER) and earlier.answered:
        return f"In short:{_half(earlier.answered)}"
    if question.asks(_LONGER):
        return f"Gladly, more about {topic}.\n\n{further(topic, rng)}"
    return None


def asks_again(question: Question) -> bool:
    """Whether a short message asks for another answer to the question before it."""
    return len(question.text.split()) <= MAX_WORDS and question.asks(_AGAIN)


def _harmless(answer: str) -> str:
    """Return an answer's text without live HTML, and without the line in italics that closes it."""
    answer = answer[-MAX_READ_LETTERS:].encode(errors="replace").decode().replace("<", "&lt;")
    body, _, last = answer.rstrip().rpartition("\n\n")
    return body if re.fullmatch(r"\*[^*\n]{1,120}\*", last) else answer


_WHAT_DID_I_SAY = re.compile(
    r"\bwhat (?:did i|have i|was it i) (?:just |first |last )?"
    r"(?:ask|asked|say|said|tell|told|write)\b(?: you)?(?: first| at first| before| earlier| last)?"
    r"|\b(?:what|repeat) (?:was |is )?my (?:very )?(?:first|last|previous|original|earlier) "
    r"(?:question|message|prompt|request)",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b(?i:my name is|call me|i am|i'm|i’m) ([A-Z][^\W\d_]{1,30})\b")
_SHORTER = (
    r"\b(?:shorter|shorten|too long|more (?:brief|concise)ly?|briefer|tl;?dr|sum (?:it|that) up)\b"
)
_LONGER = (
    r"\b(?:longer|elaborate|expand|in more detail|more details?|go on|continue|keep going"
    r"|(?:tell me|say) more|more about (?:it|that|this))\b"
    r"|\A\W*(?:more|and then|yes|sure|ok(?:ay)?|please do|go ahead)(?: please)?\W*\Z"
)
_AGAIN = (
    r"\A\W*(?:ok |please )?(?:again|once more|retry|(?:try|do it|say it) again|one more"
    r"|(?:give me )?another(?: one)?|regenerate|repeat(?: that)?|something else|different(?:ly)?)"
    r"\b.{0,20}\Z"
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "last": -1}
_POSITION = re.compile(
    rf"\b(?:the|your|that) ({'|'.join(_ORDINALS)})\b"
    r"(?: (?:one|item|point|idea|step|of|tip|reason)|\W*\Z)"
    rf"|(?:\b(?:number|item|point|step|idea|no\.)|#) ?({NUMBER})\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"^ {0,3}(?:[-*]|\d+[.)])\s+(.+)$", re.MULTILINE)


def _position(question: Question) -> int | None:
    if not (found := _POSITION.search(question.text)):
        return None
    return _ORDINALS[found[1].lower()] if found[1] else number(found[2])


def _items(text: str) -> list[str]:
    return [shortened(item.strip(), _MAX_LETTERS) for item in _ITEM.findall(text)]


def _were(count: int) -> str:
    return "was only one" if count == 1 else f"were only {count}"


_BLOCKS = re.compile(r"^```.*?(?:^```$|\Z)|^\|[^\n]*", re.MULTILINE | re.DOTALL)


def _half(text: str) -> str:
    """Return about the first half of an answer, at least an item or a sentence."""
    if items := _items(text):
        kept = items[: min(-(-len(items) // 2), _MAX_ITEMS)]
        return "\n\n" + "\n".join(f"- {item}" for item in kept)
    running = sentences(as_running_text(_BLOCKS.sub("", text)).removeprefix("In short: "))
    if not running:
        return " there is nothing in it that I could leave out."
    return " " + shortened(" ".join(running[: max(1, len(running) // 2)]), _MAX_LETTERS)
