"""Writes short programs that are valid in their language, named after the words of a question."""

import re
import unicodedata
from random import Random

from core.emulator.words.questions import STOP_WORDS, Question
from core.emulator.words.skeletons import KNOWN, SKELETONS

LANGUAGES: dict[str, str] = {
    "python": "python",
    "javascript": "javascript",
    "js": "javascript",
    "node": "javascript",
    "typescript": "typescript",
    "sql": "sql",
    "sqlite": "sql",
    "postgres": "sql",
    "bash": "bash",
    "shell": "bash",
    "html": "html",
    "css": "css",
    "regex": "regex",
    "regexp": "regex",
    "regular expression": "regex",
    "rust": "rust",
    "golang": "go",
    "java": "java",
    "c++": "cpp",
    "c#": "csharp",
    "ruby": "ruby",
    "php": "php",
    "go": "go",
    "c": "c",
}
"""What people call a language → the name on its code block."""

_NAMES = "|".join(re.escape(name) for name in LANGUAGES if name not in ("go", "c"))
_NAMED = re.compile(rf"(?<!\w)({_NAMES})(?!\w)", re.IGNORECASE)
# "go" and "c" are words and letters too, so they need a word beside them.
_SHORT = re.compile(
    r"(?:\b(?:in|using) (go|c)\b(?![+#])|\b(go|c) (?:function|program|code)\b)", re.I
)
_THING = (
    r"functions?|scripts?|code|programs?|snippets?|class|method|quer(?:y|ies)|regex(?:p|es)?"
    r"|regular expressions?|one-liners?|algorithms?|web ?page|pages?|commands?|app"
    r"|funktion|fonction|funci[oó]n|funzione|programm"
)
_ASKED = re.compile(
    rf"""\b(?:write|create|show|give|make|implement|generate|build|need|want|code|provide|draft|see)\b
        .{{0,40}}?\b(?:{_THING})\b
    | \b(?:in|using|with)[ ](?:{_NAMES}|go|c)(?!\w)
    | (?<!\w)(?:{_NAMES})[ -](?:{_THING})\b
    | \A(?:a[ ]|an[ ])?(?:function|script|program|regex|query)[ ](?:to|that|for|which)\b
    | \b(?:write|create|show|give|generate|need)\b.{{0,20}}(?<!\w)(?:sql|html|css|bash|regex)(?!\w)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ABOUT_CODE = re.compile(
    r"\A(?:what (?:is|are)|what's|explain|who|why|when|compare|(?:the )?differences?)\b", re.I
)
_NO_PROGRAM = re.compile(
    r"\b(?:dress code|code of|zip code|postal code|master class|movie script)", re.I
)


def is_asked_for(question: Question) -> bool:
    """Whether the question asks for code."""
    head = question.text
    if _ABOUT_CODE.search(head) or _NO_PROGRAM.search(head):
        return False
    return _ASKED.search(head) is not None


def language_of(text: str) -> str | None:
    """Return the language that a text names, as it stands on a code block, or None."""
    head = text[:400]
    found = _NAMED.search(head) or _SHORT.search(head)
    if not found:
        return None
    return LANGUAGES[next(name for name in found.groups() if name).lower()]


def code_block(question: Question, rng: Random) -> str:
    """Return a short program in a fenced block, and one sentence about it."""
    language, source = program(question)
    closing = rng.choice(_CLOSINGS).format(topic=question.subject)
    return f"{rng.choice(_OPENINGS)}\n\n```{language}\n{source}\n```\n\n{closing}"


_OPENINGS = ("Here is a start:", "Here you go:", "A short version to begin with:")
_CLOSINGS = (
    "Try it on a small case first, then change one line at a time.",
    "Put your own values in where the placeholders are, and go on from there.",
)


def program(question: Question) -> tuple[str, str]:
    """Return a language and a program in it that fits the question as far as simple rules go."""
    language = language_of(question.text) or "python"
    for pattern, sources in KNOWN:
        if language in sources and question.asks(pattern):
            return language, sources[language]
    if language == "regex":
        return language, _regex(question)
    return language, _filled(SKELETONS[language], _words(question), _title(question))


def _words(question: Question) -> list[str]:
    """Return up to four words of ASCII letters that name what the program is for."""
    plain = unicodedata.normalize("NFKD", question.task or question.topic or question.text)
    words = [
        word
        for word in re.findall(r"[a-z][a-z0-9]*", plain.encode("ascii", "ignore").decode().lower())
        if word not in STOP_WORDS and word not in LANGUAGES and not re.fullmatch(_THING, word)
    ]
    return [word[:20] for word in words[:4]] or ["your", "idea"]


def _title(question: Question) -> str:
    """Return a few words that are harmless in any comment."""
    words = re.findall(r"[A-Za-z0-9]+", question.task or question.topic)
    return " ".join(words or _words(question)).capitalize()


def _filled(skeleton: str, words: list[str], title: str) -> str:
    # Two words joined are a reserved word in none of these languages.
    names = words if len(words) > 1 else ["handle", words[0]]
    snake = "_".join(names)
    camel = names[0] + "".join(word.capitalize() for word in names[1:])
    table = words[-1] if len(words[-1]) > 1 else "item"
    for mark, value in (
        ("SNAKE", snake),
        ("CAMEL", camel),
        ("PASCAL", camel[:1].upper() + camel[1:]),
        ("ROWS", f"{table}_list"),
        ("TITLE", title),
    ):
        skeleton = skeleton.replace(mark, value)
    return skeleton


def _regex(question: Question) -> str:
    for pattern, expression in _EXPRESSIONS:
        if question.asks(pattern):
            return expression
    return rf"\b(?:{'|'.join(_words(question))})\b"


_EXPRESSIONS = (
    (r"\be-?mails?\b", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    (r"\b(?:url|link|web ?address)", r"https?://[^\s/]+(?:/\S*)?"),
    (r"\bphone", r"\+?\d{1,3}(?:[ -]?\d{2,4}){2,4}"),
    (r"\bdates?\b", r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b"),
    (r"\btimes?\b", r"\b(?:[01]\d|2[0-3]):[0-5]\d\b"),
    (r"\b(?:hex|colou?r)", r"#(?:[0-9A-Fa-f]{3}){1,2}\b"),
    (r"\b(?:ip|ipv4)\b", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
    (r"\b(?:numbers?|digits?|integers?)\b", r"-?\d+(?:\.\d+)?"),
)
