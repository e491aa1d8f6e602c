"""The chat models: what each takes, and the question that it reads out of it.

Names, ranges and defaults are those of the real models. What only tunes the choice of words
(temperature and the like) is taken and has no effect.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from core.emulator.models.schema import (
    TOKENS,
    Field,
    boolean,
    card,
    choice,
    file,
    files,
    integer,
    number,
    several,
    text,
)
from core.emulator.models.talking import Question, chat_model
from core.emulator.runner import ModelError, Runner
from core.emulator.words import Message, conversation

Input: TypeAlias = Mapping[str, Any]

_GROUPS = ("language-models",)


def _temperature(**keywords: Any) -> Field:
    return number("How freely words are chosen; 0 is strict.", **keywords)


def _top_p(**keywords: Any) -> Field:
    return number("Choose among the likeliest words that make up this share.", **keywords)


def _top_k(**keywords: Any) -> Field:
    return integer("Choose among so many of the likeliest words.", **keywords)


def _most(**keywords: Any) -> Field:
    return integer("Where to cut the answer, in tokens.", **keywords)


def _least(**keywords: Any) -> Field:
    return integer("How many tokens the answer has at least.", **keywords)


def _presence_penalty(**keywords: Any) -> Field:
    return number("How much to avoid words that were used.", **keywords)


def _frequency_penalty(**keywords: Any) -> Field:
    return number("How much to avoid words that were used often.", **keywords)


def _asked(prompt: str, system_prompt: str | None = None, **limits: Any) -> Question:
    """The question of a model that takes a prompt, which may hold a whole conversation."""
    system, messages = conversation(prompt)
    given = [part for part in (system_prompt, system) if part]
    return Question(messages, "\n\n".join(given), **limits)


# meta/meta-llama-3-70b-instruct and meta/meta-llama-3-8b-instruct

_LLAMA_3_INPUTS = {
    "prompt": text("What to answer, or the text of a whole dialogue.", default=""),
    "min_tokens": _least(default=0),
    "max_tokens": _most(default=512),
    "temperature": _temperature(default=0.6),
    "top_p": _top_p(default=0.9),
    "top_k": _top_k(default=50),
    "presence_penalty": _presence_penalty(default=1.15),
    "frequency_penalty": _frequency_penalty(default=0.2),
    "prompt_template": text(
        "A text to put the prompt into, in the place of {prompt}.", default="{prompt}"
    ),
}

_LLAMA_3_70B = card(
    "meta/meta-llama-3-70b-instruct",
    "Llama 3 with 70 billion parameters: an open model for everyday questions.",
    inputs=_LLAMA_3_INPUTS,
    output=TOKENS,
    example={"prompt": "Explain tides to a ten-year-old in three sentences."},
    collections=_GROUPS,
    version="fbfb20b472b2f3bdd101412a9f70a0ed4fc0ced78a77ff00970ee7a2383c575d",
    created_at="2024-04-17T21:58:54.806446Z",
    github_url="https://github.com/meta-llama/llama3",
    license_url="https://github.com/meta-llama/llama3/blob/main/LICENSE",
)

_LLAMA_3_8B = card(
    "meta/meta-llama-3-8b-instruct",
    "Llama 3 with 8 billion parameters: the small, quick and cheap one.",
    inputs=_LLAMA_3_INPUTS,
    output=TOKENS,
    example={"prompt": "Give me five names for a bakery by the sea."},
    collections=_GROUPS,
    version="5a6809ca6288247d06daf6365557e5e429063f32a21146b2a807c682652136b8",
    created_at="2024-04-17T21:58:45.726276Z",
    github_url="https://github.com/meta-llama/llama3",
    license_url="https://github.com/meta-llama/llama3/blob/main/LICENSE",
)


def _llama_3(model_input: Input) -> Question:
    return _asked(
        model_input["prompt_template"].replace("{prompt}", model_input["prompt"]),
        max_tokens=max(model_input["max_tokens"], 0),
        min_tokens=model_input["min_tokens"],
    )


# meta/llama-2-70b-chat

_LLAMA_2 = card(
    "meta/llama-2-70b-chat",
    "Llama 2 with 70 billion parameters, tuned for dialogue; the grandparent of today's Llamas.",
    inputs={
        "prompt": text("What to answer.", required=True),
        "system_prompt": text("How to answer.", default="You are a helpful assistant."),
        "max_new_tokens": _most(default=128, minimum=1),
        "min_new_tokens": _least(default=-1, minimum=-1),
        "temperature": _temperature(default=0.75, minimum=0.01, maximum=5),
        "top_p": _top_p(default=0.9, minimum=0, maximum=1),
        "top_k": _top_k(default=50, minimum=0),
        "stop_sequences": text("Where to stop: texts with commas between them."),
        "seed": integer("A number that makes the run repeatable; empty for a new answer."),
        "debug": boolean("Write more into the logs.", default=False),
        "replicate_weights": text("Weights from a training on Replicate."),
    },
    output=TOKENS,
    example={"prompt": "What should I look for in a first sewing machine?"},
    collections=_GROUPS,
    version="02e509c789964a7ea8736978a43525956ef40397be9033abf9fd2badfe68c9e3",
    created_at="2023-09-13T15:41:34.688650Z",
)


def _llama_2(model_input: Input) -> Question:
    stops = model_input.get("stop_sequences") or ""
    return _asked(
        model_input["prompt"],
        model_input["system_prompt"],
        max_tokens=model_input["max_new_tokens"],
        min_tokens=model_input["min_new_tokens"],
        stops=tuple(stop for stop in stops.split(",") if stop),
    )


# anthropic/claude-4.5-sonnet

_CLAUDE = card(
    "anthropic/claude-4.5-sonnet",
    "Careful writing, code and long documents; looks at an image too.",
    inputs={
        "prompt": text("What to answer.", required=True),
        "image": file("A picture to look at; larger ones cost more tokens."),
        "system_prompt": text("How to answer.", default=""),
        "max_tokens": _most(default=8192, minimum=1024, maximum=64000),
        "max_image_resolution": number(
            "Megapixels to which a larger picture is reduced first.",
            default=0.5,
            minimum=0.001,
            maximum=2,
        ),
    },
    output=TOKENS,
    example={
        "prompt": "Write a Python function that merges overlapping date ranges.",
        "system_prompt": "Code first, then one paragraph of explanation.",
    },
    collections=_GROUPS,
)


def _claude(model_input: Input) -> Question:
    return _asked(
        model_input["prompt"], model_input["system_prompt"], max_tokens=model_input["max_tokens"]
    )


# openai/gpt-5.2

_THINKING_SECONDS = {"none": 0.2, "low": 0.5, "medium": 1.5, "high": 3.0, "xhigh": 6.0}

_GPT = card(
    "openai/gpt-5.2",
    "For hard questions: it can think longer before it answers.",
    inputs={
        "prompt": text("What to answer; leave empty if there are messages.", nullable=True),
        "system_prompt": text("How to answer; leave empty if there are messages.", nullable=True),
        "messages": several(
            "object",
            "A conversation as a list of {role, content}; goes before prompt and system prompt.",
            default=[],
        ),
        "image_input": files("Pictures to look at.", default=[]),
        "reasoning_effort": choice("How long to think first.", *_THINKING_SECONDS, default="low"),
        "verbosity": choice("How long to answer.", "low", "medium", "high", default="medium"),
        "max_completion_tokens": _most(nullable=True),
    },
    output=TOKENS,
    example={
        "prompt": "A train leaves at 9:40 and takes 2 h 35 min. When must I be picked up?",
        "reasoning_effort": "low",
    },
    collections=_GROUPS,
)


def _gpt(model_input: Input) -> Question:
    limits: dict[str, Any] = {"thinking": _THINKING_SECONDS[model_input["reasoning_effort"]]}
    if (most := model_input.get("max_completion_tokens")) is not None:
        limits["max_tokens"] = max(most, 0)
    if model_input["messages"]:
        return _conversed(model_input["messages"], **limits)
    if not model_input.get("prompt"):
        raise ModelError("Give a prompt or messages.")
    return _asked(model_input["prompt"], model_input.get("system_prompt"), **limits)


def _conversed(given: Sequence[Mapping[str, Any]], **limits: Any) -> Question:
    systems: list[str] = []
    messages: list[Message] = []
    for message in given:
        said = _text_of(message.get("content"))
        match message.get("role"):
            case "user" | "assistant" as role:
                messages.append(Message(role, said))
            case "system" | "developer":
                systems.append(said)
            case role:
                raise ModelError(f"A message's role can't be {role!r}.")
    if not messages:
        raise ModelError("Give at least one message from the user.")
    return Question(messages, "\n\n".join(systems), **limits)


def _text_of(content: Any) -> str:
    """Return the text of a message's content: a string, or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "\n".join(part for part in parts if isinstance(part, str))
    raise ModelError("A message's content must be text.")


# google/gemini-2.5-flash

_GEMINI = card(
    "google/gemini-2.5-flash",
    "Fast answers about text, images and clips.",
    inputs={
        "prompt": text("What to answer.", required=True),
        "images": files("Up to ten pictures of up to 7 MB to look at.", default=[]),
        "videos": files("Up to ten clips of up to 45 minutes to watch.", default=[]),
        "system_instruction": text("How to answer.", default=None, nullable=True),
        "temperature": _temperature(default=1, minimum=0, maximum=2),
        "top_p": _top_p(default=0.95, minimum=0, maximum=1),
        "max_output_tokens": _most(default=65535, minimum=1, maximum=65535),
        "thinking_budget": integer(
            "Tokens to think with before answering; 0 for none.",
            default=None,
            minimum=0,
            maximum=24576,
            nullable=True,
        ),
        "dynamic_thinking": boolean(
            "Let the model choose how much to think; goes before the budget.", default=False
        ),
    },
    output=TOKENS,
    example={"prompt": "Compare sourdough and yeast bread in a short table."},
    collections=_GROUPS,
)


def _gemini(model_input: Input) -> Question:
    for name, kind in (("images", "images"), ("videos", "clips")):
        if len(model_input[name]) > 10:
            raise ModelError(f"Too many {kind}: at most ten are taken.")
    thinks = model_input["dynamic_thinking"] or model_input.get("thinking_budget")
    return _asked(
        model_input["prompt"],
        model_input.get("system_instruction"),
        max_tokens=model_input["max_output_tokens"],
        thinking=1.5 if thinks else 0.3,
    )


# deepseek-ai/deepseek-r1

_DEEPSEEK = card(
    "deepseek-ai/deepseek-r1",
    "Shows how it reasons before it answers; good at mathematics and code.",
    inputs={
        "prompt": text("What to answer.", default=""),
        "max_tokens": _most(default=2048),
        "temperature": _temperature(default=0.1),
        "presence_penalty": _presence_penalty(default=0),
        "frequency_penalty": _frequency_penalty(default=0),
        "top_p": _top_p(default=1),
    },
    output=TOKENS,
    example={"prompt": "How many squares are there on a chessboard?"},
    collections=_GROUPS,
)

_THOUGHT = """<think>
The question is in front of me, and no model is behind me. So I take its words, see which kind of
answer they ask for, and write that.
</think>

"""


def _deepseek(model_input: Input) -> Question:
    return _asked(
        model_input["prompt"], max_tokens=max(model_input["max_tokens"], 0), opening=_THOUGHT
    )


CHATS: tuple[Runner, ...] = (
    chat_model(_LLAMA_3_70B, _llama_3, tokens_per_second=45),
    chat_model(_LLAMA_3_8B, _llama_3, tokens_per_second=80),
    chat_model(_LLAMA_2, _llama_2, tokens_per_second=30),
    chat_model(_CLAUDE, _claude, tokens_per_second=60, images=("image",)),
    chat_model(_GPT, _gpt, tokens_per_second=60, images=("image_input",)),
    chat_model(_GEMINI, _gemini, tokens_per_second=80, images=("images",), videos=("videos",)),
    chat_model(_DEEPSEEK, _deepseek, tokens_per_second=35),
)
