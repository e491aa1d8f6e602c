"""Poems, haikus and limericks about a topic: rhymes and syllables are counted, not felt."""

import re
from random import Random

from core.emulator.words.plain import capitalized
from core.emulator.words.questions import Question


def haiku(question: Question, rng: Random) -> str:
    """Return three lines of five, seven and five syllables."""
    topic = _short_topic(question)
    return "  \n".join((_first_line(topic, rng), rng.choice(_SEVENS), rng.choice(_LAST_FIVES)))


def limerick(question: Question, rng: Random) -> str:
    """Return five lines that rhyme AABBA."""
    return _verse(rng.choice(_LIMERICKS), question)


def poem(question: Question, rng: Random) -> str:
    """Return a title and two or three quatrains."""
    chosen = sorted(rng.sample(range(len(_QUATRAINS)), rng.choice((2, 2, 3))))
    stanzas = [_verse(_QUATRAINS[index], question) for index in chosen]
    return "\n\n".join((f"**{capitalized(question.subject)}**", *stanzas))


def syllables(words: str) -> int:
    """Return about how many syllables some English words have."""
    return sum(_word_syllables(word) for word in re.findall(r"[^\W\d_]+", words.lower()))


def _word_syllables(word: str) -> int:
    count = len(re.findall(r"[aeiouyàâäéèêëíîïóôöúûü]+", word))
    if re.search(r"(?:[^aeiouyl]e|[^aeiouydt]ed|[^aeiouyscxz]es)\Z", word):
        count -= 1  # a silent e: "stone", "called", "waves"
    if re.search(r"(?:ia|io|eo|ua|iu)(?!us|u?n\b)", word) and len(word) > 3:
        count += 1  # "piano", "radio", "video"
    return max(count, 1)


def _short_topic(question: Question) -> str:
    """Return a topic of at most five syllables."""
    words = question.subject.replace("“", "").replace("”", "")
    for candidate in (words, *question.keywords):
        if syllables(candidate) <= 5 and not candidate.endswith((" and", " the", " of")):
            return candidate
    return "the words"


def _first_line(topic: str, rng: Random) -> str:
    return capitalized(topic + rng.choice(_REST_OF_FIVE[5 - syllables(topic)]))


def _verse(lines: tuple[str, ...], question: Question) -> str:
    topic = question.subject
    # Two spaces at a line's end keep the line in Markdown.
    return "  \n".join(capitalized(line.format(topic=topic)) for line in lines)


_REST_OF_FIVE = {
    0: ("",),
    1: (" now", " here"),
    2: (" at dawn", " again", " in rain"),
    3: (" in the dusk", " after rain", " before dawn"),
    4: (" in morning light", " beneath the stars", " without a sound"),
}
_SEVENS = (
    "a small cloud leaves the mountain",
    "nobody hears the door close",
    "the kettle begins to sing",
    "one leaf turns over and stays",
)
_LAST_FIVES = (
    "then the quiet comes",
    "the long grass bends low",
    "and the day begins",
    "I forget my name",
)
_QUATRAINS = [
    (
        "I went to look for {topic} at the break of day,",
        "when every roof was silver in the rain;",
        "I lost the road a dozen times along the way,",
        "and found the words, and lost the words again.",
    ),
    (
        "Of {topic}, they said, no ballad could be sung,",
        "too plain a thing, too near to every hand;",
        "but there are songs asleep on every tongue,",
        "and smaller things have made a person stand.",
    ),
    (
        "Of {topic} the evening wind is talking still,",
        "in half a voice, beneath the window sill;",
        "it has no tune, it has no need of one,",
        "it hums until the talking all is done.",
    ),
    (
        "So write a line of {topic} upon the door,",
        "and leave the lamp to burn another hour;",
        "who reads it once may read it twice, and more,",
        "as seeds read rain, and slowly make a flower.",
    ),
]
_LIMERICKS = (
    (
        "A poet who lived by the sea",
        "wrote of {topic} from breakfast to tea;",
        "when asked for the reason,",
        "she said, “It's the season,",
        "and paper was given me free.”",
    ),
    (
        "There was a young man from the town",
        "who wrote about {topic} in brown;",
        "when the ink had run dry,",
        "he looked up at the sky,",
        "and he wrote the rest upside down.",
    ),
)
