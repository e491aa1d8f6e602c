"""Finds the form in which a question wants its answer, and who writes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import TypeAlias

from core.emulator.words import arithmetic, extracts, lists, programs, prose, tables, talk, verse
from core.emulator.words.questions import Question

Writer: TypeAlias = Callable[[Question, Random], str]


class Kind(Enum):
    """What a form allows to be done with it."""

    TALK = auto()  # it may be cut, or said in another language
    PROSE = auto()  # it is written to the length that is asked
    EXTRACT = auto()  # it may be cut, but its language is its own affair
    LIST = auto()  # it may be cut, and becomes running text then
    TABLE = auto()  # where a length is asked, prose takes its place
    FIXED = auto()  # code, JSON and letters stay as they are
    TALE = auto()  # so do verse and stories, but they may choose their own topic


@dataclass(frozen=True)
class Form:
    """A form of answer and its writer."""

    kind: Kind
    write: Writer


def form_of(question: Question) -> Form:
    """Return the form that fits a question best."""
    return next(form for fits, form in _FORMS if fits(question))


def form_named(name: str) -> Form | None:
    """Return the form that a system prompt names: "json", "list" or "table"."""
    return _NAMED.get(name)


PROSE = Form(Kind.PROSE, prose.reply)
ESSAY = Form(Kind.PROSE, prose.essay)
_JSON = Form(Kind.FIXED, tables.json_block)
_TABLE = Form(Kind.TABLE, tables.table)
_LIST = Form(Kind.LIST, lists.bullet_list)
_NAMED = {"json": _JSON, "table": _TABLE, "list": _LIST}


def _asks(pattern: str) -> Callable[[Question], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda question: compiled.search(question.text) is not None


def _wordless(question: Question) -> bool:
    return not any(letter.isalnum() for letter in question.raw)


def _is_sum(question: Question) -> bool:
    return arithmetic.sum_in(question.raw) is not None


def _compares(question: Question) -> bool:
    return tables.sides_of(question) is not None


def _lists(question: Question) -> bool:
    if question.asks(r"\A\W*(?:what(?:'s| is)|who|why|when|where|is|do|does|did)\b"):
        return question.asks(r"\b(?:list|steps|ideas|tips|examples|names? for)\b")
    return bool(
        question.count or question.task or _LIST_WORDS(question) or lists.members_of_group(question)
    )


_LIST_WORDS = _asks(
    r"\b(?:list|enumerate|bullets?|bullet points|steps|ideas|tips|examples|reasons|names? for"
    r"|benefits|advantages|recipe|itinerary|plan (?:for|to)"
    r"|(?:create|make|write) a (?:\w+ ){0,3}plan)\b"
    r"|\A\W*(?:please )?(?:name|suggest|recommend)\b"
)
_HELLO = (
    r"hi|hello|hey|hiya|yo|howdy|greetings|good (?:morning|afternoon|evening|day)"
    r"|hola|hallo|bonjour|salut|ciao|olá|guten (?:tag|morgen|abend)|buenos días|buongiorno"
    r"|bom dia|привет|здравствуйте|こんにちは|你好|안녕하세요"
)
_CREATE = r"(?:write|create|make|give|tell|compose|show|draft|need|want|a|an|another|short|as)"

_FORMS: tuple[tuple[Callable[[Question], bool], Form], ...] = (
    (_wordless, Form(Kind.TALK, talk.nothing)),
    (
        _asks(
            rf"\A\W*(?:{_HELLO})(?: (?:there|all|everyone|friend|again|you))?\W*(?:how are you"
            r"|what's up|how's it going)?(?: today| doing)?\W*\Z"
            r"|\A\W*how are you\W*(?:today|doing)?\W*\Z"
        ),
        Form(Kind.TALK, talk.greeting),
    ),
    (
        _asks(
            r"\A\W*(?:(?:ok|great|perfect|nice|cool),? )?(?:many )?"
            r"(?:thanks|thank you|thx|cheers)\b.{0,30}\Z"
        ),
        Form(Kind.TALK, talk.thanks),
    ),
    (
        _asks(r"\A\W*(?:good)?(?:bye|night)(?: bye| for now)?\W*\Z|\A\W*see you\b.{0,12}\Z"),
        Form(Kind.TALK, talk.farewell),
    ),
    (_is_sum, Form(Kind.TALK, talk.calculation)),
    (
        _asks(
            r"\b(?:who|what) are you\b|\bwhat(?:'s| is) your name\b|\bwhat can you do\b"
            r"|\b(?:which|what) (?:language )?model\b.{0,12}\b(?:you|this)\b|\bintroduce yourself\b"
            r"|\bare you (?:a |an )?(?:real|ai|bot|chatbot|robot|human|model|person|llm|chatgpt"
            r"|gpt|claude|llama)\b"
        ),
        Form(Kind.TALK, talk.identity),
    ),
    (
        _asks(
            r"\b(?:summari[sz]e|tl;?dr|summary of (?:this|the following|the text)|key points of)\b"
        ),
        Form(Kind.EXTRACT, extracts.summary),
    ),
    (
        _asks(
            r"\btranslat(?:e|ion)\b|\bhow (?:do|would|can) (?:you|i|we) say\b"
            r"|\A\W*say\b.{1,60}\bin \w+\W*\Z"
        ),
        Form(Kind.EXTRACT, extracts.translation),
    ),
    (programs.is_asked_for, Form(Kind.FIXED, programs.code_block)),
    (
        _asks(
            r"\A\W*json\b|\b(?:as|in|into|valid|raw|some|only|return|give|generate|create|write|make"
            r"|output)\b.{0,30}\bjson\b"
        ),
        _JSON,
    ),
    (_asks(r"\bhaikus?\b"), Form(Kind.TALE, verse.haiku)),
    (_asks(r"\blimericks?\b"), Form(Kind.TALE, verse.limerick)),
    (
        _asks(rf"\b{_CREATE}\b.{{0,30}}\b(?:poem|song|verse|sonnet|rhyme|lyrics)\b"),
        Form(Kind.TALE, verse.poem),
    ),
    (
        _asks(rf"\b{_CREATE}\b.{{0,30}}\b(?:story|tale|fable)\b|\Aonce upon"),
        Form(Kind.TALE, prose.story),
    ),
    (_asks(r"\bjokes?\b|\bmake me laugh\b"), Form(Kind.TALK, talk.joke)),
    (
        _asks(r"\b(?:write|draft|compose|need|want)\b.{0,30}\b(?:e-?mail|letter)\b(?! address)"),
        Form(Kind.FIXED, prose.letter),
    ),
    (_compares, Form(Kind.TABLE, tables.comparison)),
    (
        _asks(r"\bpros (?:and|&) cons\b|\badvantages and disadvantages\b"),
        Form(Kind.TABLE, tables.pros_and_cons),
    ),
    (
        _asks(
            r"\b(?:a|as|in|into|make|markdown) (?:\w+ )?table\b(?! tennis)"
            r"|\btable (?:of|with|comparing|showing)\b(?! contents)|\A\W*tables?\W*\Z"
        ),
        _TABLE,
    ),
    (_asks(r"\b(?:essay|article|blog post|report)\b"), ESSAY),
    (lists.asks_for_one, Form(Kind.TALK, lists.pick)),
    (_lists, _LIST),
    (lambda question: True, PROSE),
)
