"""A conversation becomes a model's input, whatever the model calls things."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.emulator.models import RUNNERS
from core.emulator.validation import openapi_schema
from core.errors import InvalidInput
from core.models.catalog import CatalogModel, models_of
from core.models.chat import ChatFields, Turn, chat_input
from core.models.schema import ModelSchema
from tests.core.models.test_catalog import schema_of

CONVERSATION = [Turn("user", "Hi"), Turn("assistant", "Hello!"), Turn("user", "Why is it blue?")]

PLAIN = ChatFields()
WITH_MESSAGES = ChatFields(
    system_prompt="system_prompt", messages="messages", images="image_input", images_are_list=True
)
WITH_INSTRUCTION = ChatFields(
    system_prompt="system_instruction", images="images", images_are_list=True
)
WITH_ONE_IMAGE = ChatFields(system_prompt="system_prompt", images="image")

FIELDS = {
    "meta/meta-llama-3-70b-instruct": PLAIN,
    "meta/meta-llama-3-8b-instruct": PLAIN,
    "anthropic/claude-4.5-sonnet": WITH_ONE_IMAGE,
    "openai/gpt-5.2": WITH_MESSAGES,
    "google/gemini-2.5-flash": WITH_INSTRUCTION,
    "deepseek-ai/deepseek-r1": PLAIN,
}


@pytest.mark.parametrize("model", models_of("chat"), ids=lambda model: model.id)
def test_what_a_model_calls_things_is_found_in_its_schema(model: CatalogModel) -> None:
    assert ChatFields.of(schema_of(model)) == FIELDS[model.id]


@pytest.mark.parametrize("model", models_of("chat"), ids=lambda model: model.id)
def test_the_emulated_model_calls_them_the_same(model: CatalogModel) -> None:
    [card] = [one.card for one in RUNNERS if one.card.id == model.id]

    assert ChatFields.of(ModelSchema.parse(openapi_schema(card))) == FIELDS[model.id]


def test_a_model_that_nobody_describes_is_asked_by_a_prompt() -> None:
    assert ChatFields.of(None) == ChatFields.of(ModelSchema.parse(None)) == PLAIN


@pytest.mark.parametrize("model", models_of("chat"), ids=lambda model: model.id)
@pytest.mark.parametrize("turns", [CONVERSATION, CONVERSATION[-1:]], ids=["several", "one"])
def test_a_conversation_becomes_an_input_that_the_model_takes(
    model: CatalogModel, turns: list[Turn]
) -> None:
    schema = schema_of(model)

    asked = chat_input(ChatFields.of(schema), turns, system_prompt="Be brief.")

    assert schema.validate(asked) == asked
    assert "Why is it blue?" in json.dumps(asked)
    assert "Be brief." in json.dumps(asked)


def test_a_model_that_takes_messages_gets_the_whole_conversation_as_messages() -> None:
    asked = chat_input(WITH_MESSAGES, CONVERSATION, system_prompt="Be brief.")

    assert asked == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Why is it blue?"},
        ]
    }


def test_a_model_without_messages_gets_the_former_turns_written_out() -> None:
    asked = chat_input(
        WITH_INSTRUCTION,
        CONVERSATION,
        system_prompt="Be brief.",
        settings={"max_output_tokens": 50},
    )

    assert asked == {
        "prompt": "User: Hi\n\nAssistant: Hello!\n\nUser: Why is it blue?\n\nAssistant:",
        "system_instruction": "Be brief.",
        "max_output_tokens": 50,
    }


def test_a_single_question_is_sent_as_it_was_written() -> None:
    question = "  User: what is\n\n2 + 2?  "

    assert chat_input(PLAIN, [Turn("user", question)]) == {"prompt": question}


SHOWN = [
    Turn("user", "What is this?", (Path("fox.png"), Path("den.png"))),
    Turn("assistant", "A fox and its den."),
    Turn("user", "And this?", (Path("cat.png"),)),
]
ALL = [Path("fox.png"), Path("den.png"), Path("cat.png")]


@pytest.mark.parametrize(
    ("fields", "images"),
    [
        (WITH_MESSAGES, {"image_input": ALL}),
        (WITH_INSTRUCTION, {"images": ALL}),
        (WITH_ONE_IMAGE, {"image": Path("cat.png")}),
    ],
)
def test_a_model_is_shown_all_images_of_a_conversation_or_the_newest_if_it_takes_one(
    fields: ChatFields, images: dict[str, Any]
) -> None:
    with_images = chat_input(fields, SHOWN)
    without = chat_input(fields, [Turn(turn.role, turn.text) for turn in SHOWN])

    assert with_images == without | images


def test_a_model_without_eyes_goes_on_with_a_conversation_but_is_shown_nothing_new() -> None:
    asked = chat_input(PLAIN, [*SHOWN[:2], Turn("user", "Tell me more.")])

    assert list(asked) == ["prompt"]
    with pytest.raises(InvalidInput, match="Llama doesn't look at images"):
        chat_input(PLAIN, SHOWN, title="Llama")


@pytest.mark.parametrize("turns", [[], [Turn("assistant", "Hello!")]])
def test_a_conversation_without_a_question_is_refused(turns: Any) -> None:
    with pytest.raises(InvalidInput):
        chat_input(WITH_MESSAGES, turns)
