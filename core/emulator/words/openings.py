"""First paragraphs that fit the kind of question: why, how, who, when, yes or no, and so on."""

from random import Random

from core.emulator.words.questions import Question


def opening(question: Question, rng: Random) -> str:
    """Return a paragraph that takes up the question."""
    openings = next(openings for pattern, openings in _KINDS if question.asks(pattern))
    return rng.choice(openings).format(topic=question.named)


_LEAD = (
    r"\A(?:\W|(?:and|so|but|ok|hi|hello|hey|please|(?:can|could|would|will) you|help me|tell me"
    r"|do you know)\b)*+"
)
_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        rf"{_LEAD}why\b|\bexplain why\b",
        (
            (
                "There is rarely a single reason. I would take the causes one at a time, starting "
                "with {topic}, and ask of each what would be different without it."
            ),
            (
                "A good answer to a *why* is a chain: first what anyone can see, then what lies "
                "behind it. Here the chain begins with {topic}."
            ),
        ),
    ),
    (
        rf"{_LEAD}how (?:many|much|long|old|far|big|tall|often)\b",
        (
            (
                "That calls for a number, and a number should come from a source you can check. "
                "Searching for {topic} together with the unit you want is a quick way to one."
            ),
            (
                "I have no figures at hand for {topic}, and a guess would be worse than none. Two "
                "sources that agree are a good start."
            ),
        ),
    ),
    (
        rf"{_LEAD}how\b|\bexplain how\b",
        (
            (
                "The easiest way into {topic} is step by step: look at the whole, find the first "
                "part that moves, and follow what it moves in turn."
            ),
            (
                "I would begin with the smallest version of {topic} that still works, and only "
                "then add the rest."
            ),
        ),
    ),
    (
        rf"{_LEAD}(?:who|whose|whom)\b",
        (
            (
                "A question of *who* wants a name, and a name should come from a source. For "
                "{topic}, an encyclopedia would be my first stop."
            ),
            (
                "I can't put a name to {topic} from memory, but I can say what a good answer "
                "holds: who it was, what they did, and why it is remembered."
            ),
        ),
    ),
    (
        rf"{_LEAD}(?:when|what (?:year|date|day|time))\b",
        (
            (
                "A date is easily got wrong, so I won't guess one. For {topic}, look for the year "
                "first and for the story behind it second."
            ),
            (
                "I have neither a calendar nor a clock here. What I can say is where a date for "
                "{topic} would fit: after its causes and before its effects."
            ),
        ),
    ),
    (
        rf"{_LEAD}where\b",
        (
            (
                "A place is best found on a map. Searching one for {topic} gives the spot, and a "
                "look at its surroundings often gives the reason."
            ),
        ),
    ),
    (
        rf"{_LEAD}which\b",
        (
            (
                "That depends on what matters most to you. For {topic}, write down two things that "
                "you need and one that you could do without, and see what is left."
            ),
        ),
    ),
    (
        rf"{_LEAD}(?:should|shall)\b",
        (
            (
                "It depends, mostly on what you would give up for it. When it comes to {topic}, a "
                "small trial tells you more than a long debate."
            ),
            (
                "Perhaps. I would decide about {topic} by asking how easily the choice could be "
                "undone."
            ),
        ),
    ),
    (
        rf"{_LEAD}(?:is|are|was|were|do|does|did|can|could|will|would|has|have|had|isn't|aren't)\b",
        (
            (
                "Possibly, but not in every case. With {topic} the honest answer is *it depends*, "
                "and the useful question is on what."
            ),
            (
                "I can't say yes or no with confidence. What would settle it is one clear example "
                "about {topic} that goes either way."
            ),
        ),
    ),
    (
        rf"{_LEAD}what\b|\b(?:explain|describe|define|tell me|teach me|discuss|introduce)\b",
        (
            (
                "The short way to {topic} is one plain definition and one good example. Put the "
                "definition in your own words, and keep the example small enough to remember."
            ),
            (
                "Two steps should do. First, imagine the world without {topic}: what would be "
                "missing? Second, keep the one example that comes to mind at once. Together they "
                "make a fair description."
            ),
        ),
    ),
    (
        "",
        (
            (
                "I see, this is about {topic}. I would start with what you already know of it and "
                "then look for the one thing that you would like to change or to find out."
            ),
            (
                "So you are thinking about {topic}. A good first step is to say in one sentence "
                "what you would like to come of it."
            ),
        ),
    ),
)
