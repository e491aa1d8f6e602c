"""The words of an offline demo: what its emulated language models say, without any model.

An answer is put together from the words of the question by fixed rules, and says so. Nothing here
knows of HTTP, schemas or time: messages go in, Markdown comes out, `tokens` cuts it for streaming.
"""

from core.emulator.words.answers import answer
from core.emulator.words.conversations import Message, Role, conversation
from core.emulator.words.pieces import tokens

__all__ = ["Message", "Role", "answer", "conversation", "tokens"]
