"""What a model says that puts out text: the answer to its prompt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.emulator.models.anything.wishes import Wish, prompt_in
from core.emulator.models.talking import Question, acknowledged, pieces_of
from core.emulator.words import Message, conversation, tokens

_SYSTEM_PROMPTS = ("system_prompt", "system_instruction", "system", "instructions")
_LIMITS = ("max_tokens", "max_new_tokens", "max_completion_tokens", "max_output_tokens")


@dataclass(frozen=True)
class TextModel:
    """The words of one run."""

    model_input: Mapping[str, Any]
    wish: Wish
    seed: int

    def text(self) -> str:
        """Return the answer."""
        return "".join(self.pieces())

    def pieces(self) -> list[str]:
        """Return the answer in the pieces in which it streams."""
        return pieces_of(self._question(), acknowledged(self.wish.pictures), self.seed)

    @staticmethod
    def length(model_input: Mapping[str, Any]) -> int:
        """Return how many pieces of text an input has."""
        return len(tokens(prompt_in(model_input)))

    def _question(self) -> Question:
        system, messages = conversation(self.wish.prompt)
        given = [self.model_input.get(name) for name in _SYSTEM_PROMPTS]
        systems = [part for part in (*given, system) if isinstance(part, str) and part]
        limits = [self.model_input.get(name) for name in _LIMITS]
        limit = next((n for n in limits if isinstance(n, int) and not isinstance(n, bool)), None)
        return Question(
            self._messages() or messages,
            "\n\n".join(systems),
            max_tokens=limit if limit and limit > 0 else None,
        )

    def _messages(self) -> list[Message]:
        """Return the conversation of a model that takes one as a list of `{role, content}`."""
        given = self.model_input.get("messages")
        found: list[Message] = []
        for message in given if isinstance(given, list) else ():
            match message:
                case {"role": "user" | "assistant" as role, "content": str(text)}:
                    found.append(Message(role, text))
        return found
