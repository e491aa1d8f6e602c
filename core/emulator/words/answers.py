"""Answers a conversation: finds out what is asked, has it written, keeps to length and manner."""

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from core.emulator.words import prose, talk
from core.emulator.words.conversations import Message
from core.emulator.words.followups import Earlier, asks_again, earlier_in, looking_back
from core.emulator.words.forms import ESSAY, PROSE, Form, Kind, form_named, form_of
from core.emulator.words.languages import Language, language_asked_for, language_of, short_answer
from core.emulator.words.limits import Limit, limit_in, within
from core.emulator.words.manners import Manner, manner_in
from core.emulator.words.plain import capitalized
from core.emulator.words.programs import LANGUAGES as PROGRAMMING_LANGUAGES
from core.emulator.words.programs import is_asked_for as is_code_asked_for
from core.emulator.words.questions import Question, read

NOTES = (
    "Offline demo: no model was run.",
    "This is an offline demo; no model was run.",
    "Put together from your own words by an offline demo; no model was run.",
)
_NOTE_IN_A_SENTENCE = "(offline demo: no model was run)"
_NOTE_WORDS = len(_NOTE_IN_A_SENTENCE.split())
_TOPICS = ("the sea", "a small fox", "the last train home", "an old map")
_WORDS_A_PARAGRAPH = 30
_WORDS_OF_A_SENTENCE = 8


def answer(messages: Sequence[Message], *, system_prompt: str = "", seed: int = 0) -> str:
    """Return the next turn of a conversation as Markdown, with a note that no model was run.

    Args:
        messages: oldest first; the last of the person's is answered.
        system_prompt: how to answer; what simple rules can follow of it is followed.
        seed: varies the wording. Equal arguments give equal answers.
    """
    while messages and messages[-1].role == "assistant":
        messages = messages[:-1]
    text = messages[-1].text if messages else ""
    earlier = earlier_in(messages)
    if not system_prompt and not earlier:
        system_prompt, text = _without_instructions(text)
    rng = Random(f"{seed}/{len(messages)}/{text[:1000]!r}")
    question = read(text)
    if earlier:
        if found := looking_back(question, earlier, rng):
            return f"{found}\n\n*{rng.choice(NOTES)}*"
        question = _completed(question, earlier)
    return _written(question, manner_in(system_prompt), rng, is_first=earlier is None)


_INSTRUCTIONS = re.compile(
    r"\A((?:you are|you're|your name is|act as|pretend|always|never|answer|respond|reply|speak)\b"
    r"[^\n]{0,600})\n\s*\n(?=\s*\S)",
    re.IGNORECASE,
)


def _without_instructions(text: str) -> tuple[str, str]:
    """Split off a system prompt that stands before the first message, as a paragraph of it."""
    found = _INSTRUCTIONS.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def _completed(question: Question, earlier: Earlier) -> Question:
    """Return the question with the earlier topic where it has none ("And as a table?")."""
    before = earlier.question
    if asks_again(question):
        return before
    is_code = is_code_asked_for(question)
    has_topic = question.topic or any(
        word.lower() not in PROGRAMMING_LANGUAGES for word in question.keywords
    )
    if has_topic or not (before.topic or before.keywords):
        return question
    # The words of the earlier question say which program is meant.
    text = f"{question.text} {before.text}" if is_code else question.text
    return replace(
        question, text=text, topic=before.topic, keywords=before.keywords, task=before.task
    )


def _written(question: Question, manner: Manner, rng: Random, *, is_first: bool) -> str:
    form = form_of(question)
    if form.kind in (Kind.PROSE, Kind.LIST) and manner.form:
        form = form_named(manner.form) or form
    limit = limit_in(question.text[:200]).or_else(manner.limit)
    if form.kind is Kind.TABLE and (limit.sentences or limit.words):
        form = PROSE
    if form.kind in (Kind.FIXED, Kind.TALE):
        limit = Limit()
    if form.kind is Kind.TALE and not (question.topic or question.keywords):
        question = replace(question, topic=rng.choice(_TOPICS))
    language = None
    if form.kind is not Kind.EXTRACT:
        language = (
            language_asked_for(question.text) or manner.language or language_of(question.text)
        )

    body = _body(form, question, limit, language, rng)
    lead = _lead(form, manner, language, is_first=is_first)
    note = language.note if language else rng.choice(NOTES)
    if limit.sentences or limit.words:
        return _to_length(lead, body, limit, note)
    closing = manner.voice.closing if manner.voice else ""
    honest = "" if "no model was run" in body else f"*{note}*"
    return "\n\n".join(part for part in (lead, body, closing, honest) if part)


def _body(
    form: Form, question: Question, limit: Limit, language: Language | None, rng: Random
) -> str:
    if language and form.write is talk.greeting:
        return language.greeting
    if language and form.kind is Kind.PROSE:
        is_native = language_of(question.text) is language
        return short_answer(language, question.raw if is_native else " ".join(question.keywords))
    if form.kind is not Kind.PROSE:
        return form.write(question, rng)
    if limit.words and limit.words < _WORDS_OF_A_SENTENCE:
        return f"{capitalized(' '.join(question.keywords[: limit.words]) or 'Perhaps')}."
    count = _paragraphs_for(limit) or (4 if question.asks(_AT_LENGTH) else 0)
    if form is ESSAY and not (limit.sentences or limit.words):
        return prose.essay(question, rng, count or 4)
    if limit.sentences == 1:
        return prose.sentence(question, rng)
    return prose.paragraphs(question, rng, count) if count else form.write(question, rng)


_AT_LENGTH = (
    r"\b(?:in (?:great |more )?detail|at length|long answer|detailed|in depth|thorough(?:ly)?)\b"
)


def _paragraphs_for(limit: Limit) -> int:
    """Return how many paragraphs fill a limit, or 0 where there is none."""
    if limit.paragraphs:
        return limit.paragraphs
    if limit.words and limit.words > _WORDS_A_PARAGRAPH:
        return limit.words // _WORDS_A_PARAGRAPH + 2
    return -(-limit.sentences // 2) if limit.sentences else 0


def _lead(form: Form, manner: Manner, language: Language | None, *, is_first: bool) -> str:
    """Return what stands before the answer: who speaks, in which voice, in which language."""
    parts = []
    if (
        manner.introduction
        and form.kind not in (Kind.FIXED, Kind.TALE)
        and (is_first or form.write is talk.identity)
    ):
        parts.append(manner.introduction)
    if manner.voice:
        parts.append(manner.voice.opening)
    if language and form.write is not talk.greeting and form.kind is not Kind.PROSE:
        parts.append(language.opening)
    return " ".join(parts)


def _to_length(lead: str, body: str, limit: Limit, note: str) -> str:
    """Return an answer of so many sentences or words, the note inside it where there is room."""
    if lead:
        body = f"{lead.rstrip('.!?: ')}: {body}"
    room = limit.words is None or limit.words >= 2 * _NOTE_WORDS
    if limit.words and room:
        limit = replace(limit, words=limit.words - _NOTE_WORDS)
    text = within(body, limit)
    if not room:
        return f"{text}\n\n*{note}*"
    end = text[-1:] if text[-1:] in ".!?…" else ""
    return f"{text.removesuffix(end)} {_NOTE_IN_A_SENTENCE}{end or '.'}"
