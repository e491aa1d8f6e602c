"""Running text about a topic: answers to questions, essays, stories, letters."""

import re
from random import Random

from core.emulator.words.lexicon import CAPITALS
from core.emulator.words.openings import opening
from core.emulator.words.plain import capitalized
from core.emulator.words.questions import Question


def reply(question: Question, rng: Random) -> str:
    """Return two short paragraphs: one that takes up the question, and what comes next."""
    if fact := _known_fact(question):
        return fact
    if not (question.topic or question.keywords):
        return f"{rng.choice(_UNCLEAR)}\n\n{rng.choice(_NEXT[:1])}"
    return f"{opening(question, rng)}\n\n{rng.choice(_NEXT).format(topic=question.subject_again)}"


def paragraphs(question: Question, rng: Random, count: int) -> str:
    """Return so many paragraphs about the topic, eight at most."""
    *middle, last = _FACETS
    if count == 1:
        return further(question.subject, rng)
    chosen = sorted(rng.sample(range(len(middle)), min(count - 1, len(middle))))
    texts = [*(middle[index] for index in chosen), last]
    return "\n\n".join(text.format(topic=question.subject) for text in texts)


def essay(question: Question, rng: Random, count: int = 4) -> str:
    """Return a heading and so many paragraphs."""
    return f"## {capitalized(question.subject)}\n\n{paragraphs(question, rng, count)}"


def sentence(question: Question, rng: Random) -> str:
    """Return one sentence about the topic."""
    return rng.choice(_SENTENCES).format(topic=question.named)


def story(question: Question, rng: Random) -> str:
    """Return a story of three short paragraphs."""
    name, other = rng.sample(_PEOPLE, 2)
    parts = (rng.choice(_BEGINNINGS), rng.choice(_MIDDLES), rng.choice(_ENDINGS))
    return "\n\n".join(
        part.format(name=name, other=other, topic=question.subject) for part in parts
    )


def letter(question: Question, rng: Random) -> str:
    """Return a short letter with a subject line."""
    found = re.search(r"\bto (?:my|the|our|a|an) ([a-z]+)\b", question.text[:200], re.IGNORECASE)
    reader = capitalized(found[1]) if found else "reader"
    return _LETTER.format(
        title=capitalized(question.subject),
        reader=reader,
        opening=rng.choice(_LETTER_OPENINGS).format(topic=question.subject),
    )


def further(topic: str, rng: Random) -> str:
    """Return a paragraph that goes on about an earlier topic."""
    return rng.choice(_FACETS[:-1]).format(topic=topic)


def _known_fact(question: Question) -> str:
    if found := _LETTERS.search(question.text):
        letter, word = found[1].lower(), found[2]
        return f"I count {word.lower().count(letter)} of the letter “{letter}” in **{word}**."
    found = re.search(r"\bcapital (?:city )?of ((?:the )?[a-z]+(?: [a-z]+)?)", question.text, re.I)
    if not found:
        return ""
    for country in (found[1], found[1].rpartition(" ")[0]):  # "Peru please"
        if capital := CAPITALS.get(country.lower()):
            return f"The capital of {capitalized(country)} is **{capital}**."
    return ""


_LETTERS = re.compile(
    r"\bhow many (?:letters? )?([a-z])(?:'?s)? .*\bin (?:the word )?([a-z]+)", re.I
)
_UNCLEAR = (
    "I can't make out yet what this is about. A few more words would help.",
    "That is a little short for me. Tell me the topic, and I will take it from there.",
)
_NEXT = (
    (
        "From here I could give you three ideas, a table or a short summary. Follow-ups such as "
        "“shorter” or “again” work as well."
    ),
    (
        "Shall I go on? You could ask for an example in Python, a list of five steps, or a poem "
        "about {topic}."
    ),
    (
        "If you would like another form, ask for a list, a table or a haiku, and I will stay on "
        "the subject."
    ),
)
_SENTENCES = (
    "The heart of {topic} fits into one plain definition and one good example.",
    "What matters most about {topic} is the part that you could explain to a friend.",
    "With {topic}, the best beginning is a single case that you know well.",
)
_FACETS = (
    (
        "Begin with the plain question of what people mean when they speak of {topic}. A "
        "definition in your own words is worth more than one from a book, because you notice when "
        "it stops fitting."
    ),
    (
        "The next thing to look for is an example. One real case of {topic}, small enough to keep "
        "in mind, shows which details matter and which are decoration."
    ),
    (
        "Much of the trouble with {topic} comes from mixing up two things with similar names. "
        "Write them down side by side, and the confusion usually clears."
    ),
    (
        "It also helps to ask who cares about {topic}, and why. A beginner, an expert and a "
        "sceptic would each point at something else, and all three can be right."
    ),
    (
        "History is a good guide here. Whatever is now said about {topic}, somebody once had to "
        "notice it for the first time and persuade the others."
    ),
    (
        "Then there is the practical side. Time and attention are limited, so the useful part of "
        "{topic} is the part that you would still choose on a busy day."
    ),
    (
        "No account is complete without its weak spots. Ask what would change your mind about "
        "{topic}; if nothing could, the account is probably too loose."
    ),
    (
        "In the end the best next step is a small one: choose a single question about {topic}, "
        "find two independent sources, and compare what they say."
    ),
)
_PEOPLE = ("Mira", "Tomas", "Ines", "Arlo", "Nadia", "Juno", "Emil", "Salma")
_BEGINNINGS = (
    (
        "Nobody in the village had ever told a story about {topic}, so one evening {name} decided "
        "to be the first."
    ),
    (
        "{name} found the notebook under the stairs. On its first page, in faded ink, someone had "
        "written a single line about {topic}."
    ),
    (
        "It was raining when {name} first heard about {topic}, and the rain did not stop for three "
        "days."
    ),
)
_MIDDLES = (
    (
        "“You will need a lamp,” said {other}, who never asked why. Together they walked until the "
        "road gave out, and there, between two birches, everything they had heard turned out to "
        "be half true."
    ),
    (
        "At first nothing happened. Then {other} laughed, because the answer had been on the "
        "kitchen table all along, under the bread, waiting for someone to be hungry enough."
    ),
    (
        "{other} shook her head. “That is how it begins,” she said, “but it isn't how it ends.” "
        "And she told the rest so quietly that even the clock leaned in."
    ),
)
_ENDINGS = (
    (
        "Years later people asked {name} what it had been like. “Smaller than I thought,” came the "
        "answer, “and much brighter.”"
    ),
    (
        "In the morning the rain had stopped. {name} closed the door softly, and left the lamp "
        "burning for whoever came next."
    ),
)
_LETTER_OPENINGS = (
    "I hope you are well. I am writing about {topic}.",
    "Thank you for your time. This is a short note about {topic}.",
)
_LETTER = """**Subject:** {title}

Dear {reader},

{opening}

Could we find a moment this week to talk about it? I am happy to send more details beforehand, and \
any time that suits you suits me.

Kind regards,
[your name]"""
