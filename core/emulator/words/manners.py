"""Reads a system prompt: who shall answer, in which voice, in what form and at what length."""

import re
from dataclasses import dataclass, field

from core.emulator.words.languages import Language, language_asked_for
from core.emulator.words.limits import Limit, limit_in
from core.emulator.words.plain import capitalized


@dataclass(frozen=True)
class Voice:
    """A manner of speaking, as far as an opening and a closing make one."""

    opening: str
    closing: str


@dataclass(frozen=True)
class Manner:
    """What was understood of a system prompt; nothing of it is the plain manner."""

    persona: str = ""  # "Ada", or "a patient teacher"
    voice: Voice | None = None
    limit: Limit = field(default_factory=Limit)
    form: str = ""  # "json", "list" or "table"
    language: Language | None = None

    @property
    def introduction(self) -> str:
        """One sentence by which the persona introduces itself, or nothing."""
        if not self.persona:
            return ""
        if re.match(r"(?:an?|the|your|my) ", self.persona, re.IGNORECASE):
            return f"Speaking as {self.persona}:"
        return f"{capitalized(self.persona)} here."


def manner_in(system_prompt: str) -> Manner:
    """Read a system prompt of any length; what isn't understood is left aside."""
    text = " ".join(system_prompt[:2000].split())
    return Manner(
        persona=_persona(text),
        voice=next((voice for word, voice in _VOICES.items() if re.search(word, text, re.I)), None),
        limit=limit_in(text),
        form=found[1].lower() if (found := _FORM.search(text)) else "",
        language=language_asked_for(text),
    )


_PERSONA = re.compile(
    r"\b(?:you(?:'re|’re| are)(?: called| named)?|your name is|act as|act like|pretend to be"
    r"|pretend you are|play the role of|speak as|answer as) ([^.,;:!?\n]{1,60})",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(?:an? )?(?:(?:very|helpful|friendly|useful|polite|concise|honest|smart|AI)\s?)*"
    r"(?:assistant|chatbot|AI|model)?",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"[A-Z]|(?:[Aa]n?|[Tt]he|my|your|our) ")  # And not "You are wrong."
_FORM = re.compile(
    r"\b(?:in|as|with|use|using|return|output|only)"
    r"(?: (?:only|valid|raw|a|an|markdown|bullet|bulleted))* (json|list|table)\b",
    re.IGNORECASE,
)
_VOICES = {
    r"\bpirate": Voice("Arr, matey!", "Fair winds to ye!"),
    r"\bshakespear": Voice("Hark, gentle friend!", "And so, good morrow."),
    r"\byoda\b": Voice("Hmm. Answer you, I will.", "With you, the words may be."),
    r"\bcowboy": Voice("Howdy, partner!", "Happy trails."),
    r"\brobot\b": Voice("BEEP. Request received.", "END OF MESSAGE."),
    r"\b(?:medieval )?knight\b": Voice("Hail, traveller!", "By my sword, that is all."),
    r"\bcat\b": Voice("Meow.", "Purr."),
}


def _persona(text: str) -> str:
    found = _PERSONA.search(text)
    if not found:
        return ""
    words = re.findall(r"[\w'’-]+", re.split(r" (?:who|that|which|and) ", found[1])[0])[:8]
    persona = " ".join(words)
    is_somebody = _SOMEBODY.match(persona) and not _NOBODY.fullmatch(persona)
    return persona if is_somebody else ""
