"""Lists: members of a known group, names, steps, or thoughts about a topic."""

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from core.emulator.words.lexicon import NAMES, SAME_GROUP, THINGS
from core.emulator.words.plain import capitalized
from core.emulator.words.questions import NUMBER, Question

USUAL_COUNT = 5

Item = TypeVar("Item")


def bullet_list(question: Question, rng: Random) -> str:
    """Return a sentence and a Markdown list of as many items as were asked for."""
    count = question.count or len(members_of_group(question)) or USUAL_COUNT
    title, items = _items(question, count, rng)
    if question.asks(r"\b(?:bullets?|bulleted|unordered)\b"):
        lines = [f"- {item}" for item in items]
    else:
        lines = [f"{position}. {item}" for position, item in enumerate(items, start=1)]
    return "\n".join((title, "", *lines))


def members_of_group(question: Question) -> tuple[str, ...]:
    """Return the members of the group that is asked for ("three winds"), or nothing."""
    found = _GROUP.search(question.text)
    return _members(found[1]) if found else ()


def asks_for_one(question: Question) -> bool:
    """Whether one member of a known group is asked for ("Name a colour")."""
    return _ONE.search(question.text) is not None


def pick(question: Question, rng: Random) -> str:
    """Return one member of the group that is asked for."""
    found = _ONE.search(question.text)
    return f"**{capitalized(rng.choice(_members(_PLURALS[found[1].lower()])))}**" if found else ""


def _members(group: str) -> tuple[str, ...]:
    name = group.lower()
    return THINGS[SAME_GROUP.get(name, name)]


_PLURALS = {
    group.removesuffix("s") if not group.endswith("ies") else f"{group[:-3]}y": group
    for group in (*THINGS, *SAME_GROUP)
}
_ONE = re.compile(
    r"\b(?:name|pick|choose|suggest|tell me|give me|think of)(?: me)? (?:an?|any|one) (?:random )?"
    rf"({'|'.join(sorted(_PLURALS, key=len, reverse=True))})\b",
    re.IGNORECASE,
)
_GROUP = re.compile(
    rf"\b(?:{NUMBER}|some|few|all|all the|(?:name|list|what are) the|name|list|give me)[ ]"
    r"(?:(?:different|famous|common|random|known|well-known|kinds of|types of|names of)[ ]){0,2}"
    rf"({'|'.join(sorted((*THINGS, *SAME_GROUP), key=len, reverse=True))})\b",
    re.IGNORECASE,
)


def _items(question: Question, count: int, rng: Random) -> tuple[str, list[str]]:
    if members := members_of_group(question):
        title = (
            f"Here {'is' if count == 1 else 'are'} {count} from a short list that I know by heart:"
        )
        return title, [capitalized(name) for name in _enough(members, count, "{0} ({1})".format)]
    if question.asks(r"\bnames?\b.{0,40} for\b"):
        names = _enough(rng.sample(NAMES, len(NAMES)), count, "{0} {1}".format)
        return f"Some names for {question.named}:", names
    if question.asks(r"\b(?:steps?|how|instructions?|recipe|plan|itinerary)\b"):
        task = question.task or f"make {question.subject}"
        return f"Here is one way to **{task}**:", _steps(task, count)
    title, thoughts = next(
        (title, thoughts) for pattern, title, thoughts in _KINDS if question.asks(pattern)
    )
    chosen = _enough(rng.sample(thoughts, len(thoughts)), count, _from_another_angle)
    return title.format(topic=question.named), [
        f"**{name}.** {sentence.format(topic=question.subject_again)}" for name, sentence in chosen
    ]


def _enough(pool: Sequence[Item], count: int, again: Callable[[Item, int], Item]) -> list[Item]:
    """Return so many items; when the pool is used up, `again` makes them once more."""
    return [
        item if turn == 1 else again(item, turn)
        for turn in range(1, count // len(pool) + 2)
        for item in pool
    ][:count]


def _from_another_angle(item: tuple[str, str], turn: int) -> tuple[str, str]:
    name, sentence = item
    return f"{name}, {_ANGLES[(turn - 2) % len(_ANGLES)]}", sentence


def _steps(task: str, count: int) -> list[str]:
    """Return steps in order: however few they are, they begin, and from two on they end."""
    first = f"Decide what it would look like to {task} well."
    middle = _enough(_MIDDLE_STEPS, max(count - 2, 0), "{0} (Round {1}.)".format)
    return [first, *middle, _LAST_STEP][: max(count - 1, 1)] + [_LAST_STEP] * (count > 1)


_MIDDLE_STEPS = (
    "Gather what you need and put it within reach.",
    "Do the smallest version that could work.",
    "Look at the result and write down one thing to change.",
    "Repeat with that one change, and nothing else.",
    "Ask someone who has done it before what you missed.",
    "Make room for the slow part, and don't hurry it.",
    "Leave out whatever did not help.",
    "Give it a rest, then check it with fresh eyes.",
)
_LAST_STEP = "Keep a short note of what worked, for the next time."

_ANGLES = (
    *(
        "for a beginner",
        "ten years on",
        "on a small budget",
        "seen from afar",
        "as a child sees it",
    ),
    *("in a big city", "in winter", "for two", "once more", "at the end"),
)
_IDEAS = [
    ("Start small", "Try the simplest version of {topic} before adding to it."),
    ("Turn it around", "Ask what the opposite of {topic} would be, and borrow one detail."),
    ("Make it a game", "Give {topic} one rule, one goal and a time limit."),
    ("Share it", "Let two other people add something to {topic}."),
    ("Use what is there", "Look around the room for anything that could go into {topic}."),
    ("Change the place", "Take {topic} outdoors, or somewhere you have never been."),
    ("Keep one thing", "Drop all of {topic} but the part you like best."),
    ("Mix two worlds", "Combine {topic} with the last book you enjoyed."),
    ("Give it a colour", "Choose one colour and let it run through {topic}."),
    ("Leave a surprise", "Hide a small thing in {topic} for others to find."),
]
_REASONS = [
    ("It is close at hand", "You can begin with {topic} today, with what you have."),
    ("It teaches", "An hour with {topic} shows you something no summary would."),
    ("It lasts", "What you gain from {topic} is still there next year."),
    ("It connects", "Sooner or later you meet other people through {topic}."),
    ("It is a change", "A little time for {topic} breaks a routine in a good way."),
    ("It grows", "There is always a next step in {topic}."),
    ("It can be checked", "You soon see whether you get from {topic} what you hoped."),
]
_TIPS = [
    ("Set a limit", "Decide beforehand how much time may go into {topic}."),
    ("Write it down", "One line a day about {topic} is enough to see a pattern."),
    ("Ask early", "A short question about {topic} saves a long detour."),
    ("Watch an expert", "Half of {topic} is in the details that nobody mentions."),
    ("Practise the dull part", "The dull part of {topic} is where most people stop."),
    ("Stop in time", "End a session of {topic} while you still enjoy it."),
    ("Prepare the evening before", "Whatever you need for {topic} should be ready when you are."),
]
_QUESTIONS = [
    ("The definition", "What do people mean by {topic}?"),
    ("The start", "When did you first hear of {topic}?"),
    ("The evidence", "How would we know if we were wrong about {topic}?"),
    ("The example", "Which single case stands best for {topic}?"),
    ("The cost", "What do people give for {topic}, in time and in money?"),
    ("The people", "Who cares most about {topic}, and why?"),
    ("The future", "What will be said of {topic} in ten years?"),
]
_THOUGHTS = [
    ("The idea", "Put into one plain sentence what comes to mind with {topic}."),
    ("An example", "Pick one real case of {topic} and keep it in view."),
    ("The use", "Ask who needs {topic}, and what for."),
    ("The limits", "Look for the edges of {topic}, and for what begins there."),
    ("The cost", "Count what you would give for {topic}: time, money, attention."),
    ("The history", "Find out who first wrote about {topic}."),
    ("The neighbours", "Compare {topic} with the nearest thing of another name."),
    ("The next step", "Choose one question about {topic} to look up today."),
    ("The sources", "Trust two independent voices on {topic} before one loud one."),
    ("The surprise", "Look for the fact about {topic} that you did not expect."),
]
_KINDS: tuple[tuple[str, str, list[tuple[str, str]]], ...] = (
    (
        r"\b(?:reasons?|why|benefits|advantages)\b",
        "A few reasons that speak for {topic}:",
        _REASONS,
    ),
    (r"\b(?:tips?|advice|tricks|habits|rules)\b", "A few tips on {topic}:", _TIPS),
    (r"\bquestions\b", "Some questions about {topic}:", _QUESTIONS),
    (r"\b(?:ideas?|ways?|activities|gifts?|projects?)\b", "Some ideas for {topic}:", _IDEAS),
    ("", "Some points on {topic}:", _THOUGHTS),
)
