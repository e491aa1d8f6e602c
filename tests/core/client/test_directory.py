import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from replicate.account import Account

from core.api.directory import Directory
from core.emulator.faults import Fault
from core.errors import (
    ApiError,
    InvalidInput,
    MalformedResponse,
    NotFound,
    Unauthenticated,
)
from core.models.names import ModelName
from tests.core.parts import Parts
from tests.core.runners import COMMUNITY_VERSION, PINNED_VERSION

Question = Callable[[Directory], Awaitable[Any]]

QUESTIONS: dict[str, Question] = {
    "model": lambda directory: directory.model(ModelName("acme", "pictures")),
    "latest version": lambda directory: directory.latest_version(ModelName("acme", "pictures")),
    "models": lambda directory: directory.models(),
    "hardware": lambda directory: directory.hardware(),
    "account": lambda directory: directory.account(),
    "secret": lambda directory: directory.webhook_secret(),
}


def every_question(function: Any) -> Any:
    return pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())(function)


async def test_a_model_is_found_with_its_schema(parts: Parts) -> None:
    model = await parts.directory.model(ModelName.parse("acme/pictures"))

    assert (model.owner, model.name, model.is_official) == ("acme", "pictures", True)
    assert model.openapi_schema is not None
    assert "prompt" in model.openapi_schema["components"]["schemas"]["Input"]["properties"]


async def test_a_version_that_is_named_is_the_one_that_is_described(parts: Parts) -> None:
    model = await parts.directory.model(ModelName.parse(f"acme/pinned:{PINNED_VERSION}"))

    assert model.version_id == PINNED_VERSION
    assert [request.path for request in parts.emulator.requests] == [
        "/v1/models/acme/pinned",
        f"/v1/models/acme/pinned/versions/{PINNED_VERSION}",
    ]


@pytest.mark.parametrize("name", ["acme/none", f"acme/pinned:{'9' * 64}"])
async def test_a_model_or_version_that_isnt_there_is_not_found(parts: Parts, name: str) -> None:
    with pytest.raises(NotFound):
        await parts.directory.model(ModelName.parse(name))


@pytest.mark.parametrize("name", [PINNED_VERSION, "deployments/acme/pictures"])
async def test_what_names_no_model_is_refused_and_nothing_is_asked(parts: Parts, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await parts.directory.model(ModelName.parse(name))

    assert caught.value.field == "model"
    assert parts.emulator.requests == []


async def test_the_latest_version_of_a_model_is_its_id(parts: Parts) -> None:
    version = await parts.directory.latest_version(ModelName("acme", "community"))

    assert version == COMMUNITY_VERSION


async def test_a_model_without_a_version_cant_be_run(parts: Parts) -> None:
    body = json.dumps({"owner": "acme", "name": "new", "latest_version": None})
    parts.emulator.inject(Fault(status=200, body=body))

    with pytest.raises(NotFound, match="no version to run"):
        await parts.directory.latest_version(ModelName("acme", "new"))


async def test_models_are_listed(parts: Parts) -> None:
    page = await parts.directory.models()

    assert {model.name for model in page.results} >= {"pictures", "words", "community"}
    assert page.next_cursor is None


async def test_the_next_page_of_models_is_asked_for_by_its_cursor(parts: Parts) -> None:
    first = json.dumps(
        {"results": [{"owner": "a", "name": "b"}], "next": "https://x.test/v1/models?cursor=none"}
    )
    parts.emulator.inject(Fault(status=200, body=first))

    page = await parts.directory.models()

    assert page.next_cursor == "none"
    with pytest.raises(ApiError, match="Invalid cursor"):
        await parts.directory.models(page.next_cursor)


async def test_hardware_is_listed(parts: Parts) -> None:
    hardware = await parts.directory.hardware()

    assert "cpu" in [item.sku for item in hardware]


async def test_the_account_is_told(parts: Parts) -> None:
    account = await parts.lookups.get_account()

    assert isinstance(account, Account)
    assert (account.type, account.username) == ("user", "emulator")


async def test_an_account_may_leave_out_its_name(parts: Parts) -> None:
    parts.emulator.inject(
        Fault(status=200, body='{"type": "organization", "username": "acme"}'),
        Fault(status=200, body='{"type": "user", "username": "acme", "name": null}'),
    )

    first = await parts.lookups.get_account()
    second = await parts.lookups.get_account()

    assert [(first.username, first.name), (second.username, second.name)] == [("acme", "")] * 2


async def test_the_webhooks_secret_is_told(parts: Parts) -> None:
    secret = await parts.directory.webhook_secret()

    assert secret.startswith("whsec_")


@every_question
async def test_every_question_survives_a_passing_error(parts: Parts, ask: Question) -> None:
    parts.emulator.inject(Fault(status=503), Fault(drop=True))

    answer = await ask(parts.directory)

    assert answer
    assert len(parts.emulator.requests) == 3


@every_question
async def test_every_question_is_asked_once_if_the_token_is_wrong(
    parts: Parts, ask: Question
) -> None:
    parts.emulator.inject(Fault(status=401, times=None))

    with pytest.raises(Unauthenticated):
        await ask(parts.directory)

    assert len(parts.emulator.requests) == 1


@every_question
@pytest.mark.parametrize("body", ["<html>", "7", "null", '{"results": [1]}', '[{"a": "b"}]'])
async def test_an_answer_that_isnt_what_was_asked_for_is_malformed(
    parts: Parts, ask: Question, body: str
) -> None:
    parts.emulator.inject(Fault(status=200, body=body, times=None))

    with pytest.raises(MalformedResponse, match=r"read|not a model"):
        await ask(parts.directory)
