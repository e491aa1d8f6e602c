"""Short answers: greetings, thanks, who is speaking, sums, jokes, and messages without words."""

import re
from random import Random

from core.emulator.words import arithmetic
from core.emulator.words.lexicon import JOKES
from core.emulator.words.plain import quoted
from core.emulator.words.questions import Question


def greeting(question: Question, rng: Random) -> str:
    """Return a greeting."""
    return rng.choice(_GREETINGS)


def thanks(question: Question, rng: Random) -> str:
    """Return an answer to thanks."""
    return rng.choice(("You're welcome!", "With pleasure.", "Gladly. Is there anything else?"))


def farewell(question: Question, rng: Random) -> str:
    """Return a goodbye."""
    return rng.choice(("Goodbye, and come back soon.", "See you! Your history stays where it is."))


def identity(question: Question, rng: Random) -> str:
    """Return who is speaking and what can be asked."""
    return (
        "I stand in for a language model while you try this page: a set of fixed rules that puts "
        "answers together from the words of your question. Ask me for a list, a table, JSON, a "
        "poem, "
        "a story, a sum or a short program."
    )


def joke(question: Question, rng: Random) -> str:
    """Return a joke."""
    return rng.choice(JOKES)


def nothing(question: Question, rng: Random) -> str:
    """Return an answer to a message without a letter or a digit."""
    seen = question.raw.strip()
    if not seen:
        return "Your message is empty. Ask me for a list, a table, a poem or some code."
    return (
        f"I can see {quoted(seen, max_letters=24)}, but no words. Tell me in a few words what it "
        f"is "
        "about, and I will write something on that."
    )


def calculation(question: Question, rng: Random) -> str:
    """Return the result of the sum in a question, or why there is none."""
    expression = arithmetic.sum_in(question.raw) or ""
    shown = re.sub(r"\s*\*\s*", " × ", re.sub(r"\s*/100\*\s*", "% of ", expression))
    try:
        value = arithmetic.result(expression)
    except arithmetic.TooLarge:
        return (
            f"The numbers on the way to {shown} have more than "
            f"{arithmetic.MAX_DIGITS} digits, so I leave that one to a proper calculator."
        )
    except ZeroDivisionError:
        return f"{shown} divides by zero, so it has no result."
    except ValueError:
        return f"I can't read {shown} as a sum. Could you write it another way?"
    number = arithmetic.written(value)
    sign = number.removeprefix("about ") if number.startswith("about") else ""
    return f"{shown} {f'≈ **{sign}**' if sign else f'= **{number}**'}"


_GREETINGS = (
    (
        "Hello! What would you like to try? A list, a table, a poem and a few lines of code are "
        "all "
        "within reach."
    ),
    "Hi there! Ask me something, and I will answer from your own words.",
    "Hello, and welcome. You could begin with “Name three winds” or “Write a haiku about the sea”.",
)
