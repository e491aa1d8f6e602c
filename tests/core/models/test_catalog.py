"""The catalogue names only settings that the models have, and conversations become their input."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.models.catalog import CATALOG, CatalogModel, find, models_of
from core.models.chat import Turn, chat_input
from core.models.schema import ModelSchema

SCHEMAS = Path(__file__).parents[4] / "shared" / "schemas"

CONVERSATION = [Turn("user", "Hi"), Turn("assistant", "Hello!"), Turn("user", "Why is it blue?")]


def curated(model: str) -> CatalogModel:
    found = find(model)
    assert found is not None
    return found


def schema_of(model: CatalogModel) -> ModelSchema:
    path = SCHEMAS / f"{model.id.replace('/', '__')}.json"
    if not SCHEMAS.is_dir():
        pytest.skip(f"the models' real schemas aren't here ({SCHEMAS})")
    return ModelSchema.parse(json.loads(path.read_text())["openapi_schema"])


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_every_setting_that_is_named_is_one_the_model_has(model: CatalogModel) -> None:
    schema = schema_of(model)
    named = [*model.settings, *filter(None, [model.start_image])]
    if model.chat is not None:
        named += [name for name in vars(model.chat).values() if isinstance(name, str)]

    assert [name for name in named if schema.field(name) is None] == []


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_every_model_has_two_or_three_settings_to_begin_with_and_a_line_of_praise(
    model: CatalogModel,
) -> None:
    assert 2 <= len(model.settings) <= 3
    assert 10 < len(model.blurb) < 90
    assert (model.chat is not None) == (model.kind == "chat")


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_every_model_has_an_example_of_its_own(model: CatalogModel) -> None:
    others = [one.example for one in CATALOG if one is not model]

    assert model.example == model.example.strip()
    assert 40 < len(model.example) < 200
    assert model.example not in others


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_an_example_is_an_input_that_the_model_takes(model: CatalogModel) -> None:
    given = {"prompt": model.example}

    assert schema_of(model).validate(given) == given


@pytest.mark.parametrize("model", models_of("video"), ids=lambda model: model.id)
def test_a_start_image_is_a_file(model: CatalogModel) -> None:
    if model.start_image is None:
        pytest.skip("it starts from text alone")
    field = schema_of(model).field(model.start_image)

    assert field is not None
    assert (field.type, field.deprecated) == ("file", False)


@pytest.mark.parametrize("model", models_of("chat"), ids=lambda model: model.id)
def test_a_chat_models_images_are_one_file_or_a_list_of_them(model: CatalogModel) -> None:
    if model.chat is None or model.chat.images is None:
        pytest.skip("it takes words alone")
    field = schema_of(model).field(model.chat.images)

    assert field is not None
    assert field.type == ("files" if model.chat.images_are_list else "file")


def test_every_kind_offers_models_and_none_twice() -> None:
    ids = [model.id for model in CATALOG]

    assert [len(models_of(kind)) for kind in ("image", "video", "chat")] == [8, 6, 6]
    assert len(set(ids)) == len(ids)


def test_a_pinned_version_is_still_the_curated_model() -> None:
    assert find("black-forest-labs/flux-schnell:abc") is find("black-forest-labs/flux-schnell")
    assert find("nobody/nothing") is None


@pytest.mark.parametrize("model", models_of("chat"), ids=lambda model: model.id)
@pytest.mark.parametrize("turns", [CONVERSATION, CONVERSATION[-1:]], ids=["several", "one"])
def test_a_conversation_becomes_an_input_that_the_model_takes(
    model: CatalogModel, turns: list[Turn]
) -> None:
    asked = chat_input(model, turns, system_prompt="Be brief.", temperature=0.5, max_tokens=2000)

    assert schema_of(model).validate(asked) == asked
    assert "Why is it blue?" in json.dumps(asked)
    assert "Be brief." in json.dumps(asked)


def test_a_model_that_takes_messages_gets_the_whole_conversation_as_messages() -> None:
    asked = chat_input(curated("openai/gpt-5.2"), CONVERSATION, system_prompt="Be brief.")

    assert asked == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello!"},
            {"role": "user", "content": "Why is it blue?"},
        ]
    }


def test_a_model_without_messages_gets_the_former_turns_written_out() -> None:
    asked = chat_input(curated("google/gemini-2.5-flash"), CONVERSATION, max_tokens=50)

    assert asked == {
        "prompt": "User: Hi\n\nAssistant: Hello!\n\nUser: Why is it blue?\n\nAssistant:",
        "max_output_tokens": 50,
    }


def test_a_single_question_is_sent_as_it_was_written() -> None:
    question = "  User: what is\n\n2 + 2?  "

    asked = chat_input(curated("meta/meta-llama-3-8b-instruct"), [Turn("user", question)])

    assert asked == {"prompt": question}


SHOWN = [
    Turn("user", "What is this?", (Path("fox.png"), Path("den.png"))),
    Turn("assistant", "A fox and its den."),
    Turn("user", "And this?", (Path("cat.png"),)),
]


@pytest.mark.parametrize(
    ("model", "images"),
    [
        (
            "openai/gpt-5.2",
            {"image_input": [Path("fox.png"), Path("den.png"), Path("cat.png")]},
        ),
        (
            "google/gemini-2.5-flash",
            {"images": [Path("fox.png"), Path("den.png"), Path("cat.png")]},
        ),
        ("anthropic/claude-4.5-sonnet", {"image": Path("cat.png")}),
    ],
)
def test_a_model_is_shown_all_images_of_a_conversation_or_the_newest_if_it_takes_one(
    model: str, images: dict[str, Any]
) -> None:
    with_images = chat_input(curated(model), SHOWN)
    without = chat_input(curated(model), [Turn(turn.role, turn.text) for turn in SHOWN])

    assert with_images == without | images


def test_a_model_without_eyes_goes_on_with_a_conversation_but_is_shown_nothing_new() -> None:
    llama = curated("meta/meta-llama-3-8b-instruct")

    asked = chat_input(llama, [*SHOWN[:2], Turn("user", "Tell me more.")])

    assert list(asked) == ["prompt"]
    with pytest.raises(InvalidInput, match="doesn't look at images"):
        chat_input(llama, SHOWN)


@pytest.mark.parametrize("turns", [[], [Turn("assistant", "Hello!")]])
def test_a_conversation_without_a_question_is_refused(turns: Any) -> None:
    with pytest.raises(InvalidInput):
        chat_input(curated("openai/gpt-5.2"), turns)


def test_a_picture_model_does_not_chat() -> None:
    with pytest.raises(InvalidInput, match="isn't a chat model"):
        chat_input(curated("google/nano-banana-2"), CONVERSATION)
