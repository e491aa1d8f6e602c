"""Tables and JSON: a comparison, the columns or keys that were named, or a topic's aspects."""

import json
import re
from random import Random

from core.emulator.words.lists import USUAL_COUNT, members_of_group
from core.emulator.words.plain import capitalized
from core.emulator.words.questions import Question

MAX_FIELDS = 8


def table(question: Question, rng: Random) -> str:
    """Return a Markdown table: with the columns that were named, or of a few aspects."""
    if columns := fields_of(question):
        rows = [
            [f"{column} {n}" for column in columns] for n in range(1, (question.count or 3) + 1)
        ]
        return _markdown([capitalized(column) for column in columns], rows)
    if members := members_of_group(question):
        kept = members[: question.count or USUAL_COUNT]
        return _markdown(
            ["Name", "Letters", "Begins with"],
            [[capitalized(name), str(len(name)), name[0].upper()] for name in kept],
        )
    rows = [
        [name, line.format(topic=question.subject_again)] for name, line in rng.sample(_ASPECTS, 4)
    ]
    return f"A first look at {question.named}:\n\n{_markdown(['Aspect', 'Worth asking'], rows)}"


def comparison(question: Question, rng: Random) -> str:
    """Return a Markdown table with a column for each of the two things that are compared."""
    sides = sides_of(question) or ("the first", "the second")
    first, second = sides
    rows = [
        [aspect, *(cell.format(side=side) for side in sides)]
        for aspect, cell in rng.sample(_COMPARED, 4)
    ]
    verdict = rng.choice(_VERDICTS).format(first=first, second=second)
    columns = ["", capitalized(first), capitalized(second)]
    return f"Here is **{first}** beside **{second}**:\n\n{_markdown(columns, rows)}\n\n{verdict}"


def pros_and_cons(question: Question, rng: Random) -> str:
    """Return a Markdown table of what speaks for and against."""
    rows = [list(pair) for pair in rng.sample(_PROS_AND_CONS, min(question.count or 3, 5))]
    return f"For and against {question.named}:\n\n{_markdown(['Pros', 'Cons'], rows)}"


def json_block(question: Question, rng: Random) -> str:
    """Return a JSON document about the topic, in a fenced block."""
    document: object
    if keys := fields_of(question):
        rows = [{key: f"{key} {n}" for key in keys} for n in range(1, (question.count or 1) + 1)]
        document = rows if question.count else rows[0]
    else:
        aspects = tuple(name.lower() for name, _ in rng.sample(_ASPECTS, len(_ASPECTS)))
        items = (members_of_group(question) or aspects)[: question.count or 3]
        document = {
            "topic": re.sub("[“”]", "", question.subject),
            "items": items,
            "note": "Offline demo: no model was run.",
        }
    return f"```json\n{json.dumps(document, indent=2, ensure_ascii=False)}\n```"


def sides_of(question: Question) -> tuple[str, str] | None:
    """Return the two things that a question compares, or None."""
    for pattern in (_COMPARING, _VERSUS):
        if found := pattern.search(question.text):
            first, second = _side(found[1]), _side(found[2])
            if first and second:
                return first, second
    return None


def fields_of(question: Question) -> list[str]:
    """Return the names of the columns or keys that a question asks for."""
    if not (found := _FIELDS.search(question.text)):
        return []
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", re.split(r"[.;:?!]", found[1])[0])
    names = [re.sub(r"\A(?:an?|the) |[^\w -]", "", part.strip()) for part in parts]
    return [name[:30] for name in names if name and len(name.split()) <= 3][:MAX_FIELDS]


_COMPARING = re.compile(
    r"\b(?:compare|comparing|comparison (?:of|between)|differences? between|choose between|better,)"
    r" (.{1,60}?) (?:and|with|to|or|vs\.?|versus|against) (.{1,60})",
    re.IGNORECASE,
)
_VERSUS = re.compile(
    r"((?:[\w'+#.-]{1,30} ){1,3})(?:vs\.?|versus|better than) (.{1,60})", re.IGNORECASE
)
_FIELDS = re.compile(
    r"\b(?:keys?|columns?|fields?|properties)\b:? (?:named |called |for )?(.{1,120})", re.IGNORECASE
)
_SIDE_END = re.compile(
    r"[?!;:(]|\.(?: |\Z)|, | (?:in|as|for|using|with|based|please)\b", re.IGNORECASE
)


def _side(text: str) -> str:
    text = re.sub(r"\A(?:(?:is|are|which is|what is) )", "", _SIDE_END.split(text)[0], flags=re.I)
    return " ".join(re.findall(r"[\w'+#.&/-]+", text)[:5])[:40].strip(" .-&/")


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_ASPECTS = [
    ("Purpose", "What do people want from {topic}?"),
    ("Example", "Which case stands best for {topic}?"),
    ("Cost", "What do people give for {topic}?"),
    ("Risk", "What could go wrong with {topic}?"),
    ("People", "Who knows most about {topic}?"),
    ("History", "Who first wrote about {topic}?"),
    ("Limits", "What lies just outside of {topic}?"),
    ("Next step", "What about {topic} could be tried today?"),
]
_COMPARED = [
    ("Good for", "people who already like {side}"),
    ("Upside", "the best day with {side}, in one example"),
    ("Downside", "the cost of {side} over a year"),
    ("First try", "one afternoon with {side}"),
    ("Ask", "someone who gave up {side}, and why"),
    ("Learn from", "the first three pages about {side}"),
]
_VERDICTS = (
    "If you can only try one, take the one whose downside you could live with.",
    "A fair choice between {first} and {second} starts with one real case of your own.",
    "Neither {first} nor {second} has to win; often the answer is one now and the other later.",
)
_PROS_AND_CONS = [
    ("Easy to begin", "Hard to finish"),
    ("Others have done it before", "Their case may differ from yours"),
    ("A clear gain when it works", "A slow start until it does"),
    ("Teaches you something", "Takes attention from other things"),
    ("Can be tried on a small scale", "The full scale costs more"),
]
