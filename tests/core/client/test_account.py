"""What is told of the account, and of what it can run on."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.client.account import Account, Hardware
from core.emulator.faults import Fault
from core.errors import MalformedResponse, Unauthenticated
from tests.core.parts import Lookups, Parts

Question = Callable[[Lookups], Awaitable[Any]]

QUESTIONS: dict[str, Question] = {
    "hardware": Lookups.list_hardware,
    "account": Lookups.get_account,
    "secret": Lookups.get_webhook_secret,
}


def every_question(function: Any) -> Any:
    return pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())(function)


async def test_hardware_is_listed(parts: Parts) -> None:
    hardware = await parts.lookups.list_hardware()

    assert Hardware(name="CPU", sku="cpu") in hardware


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
    secret = await parts.lookups.get_webhook_secret()

    assert secret.startswith("whsec_")


@every_question
async def test_every_question_survives_a_passing_error(parts: Parts, ask: Question) -> None:
    parts.emulator.inject(Fault(status=503), Fault(drop=True))

    answer = await ask(parts.lookups)

    assert answer
    assert len(parts.emulator.requests) == 3


@every_question
async def test_every_question_is_asked_once_if_the_token_is_wrong(
    parts: Parts, ask: Question
) -> None:
    parts.emulator.inject(Fault(status=401, times=None))

    with pytest.raises(Unauthenticated):
        await ask(parts.lookups)

    assert len(parts.emulator.requests) == 1


@every_question
@pytest.mark.parametrize("body", ["<html>", "7", "null", '{"results": [1]}', '[{"a": "b"}]'])
async def test_an_answer_that_isnt_what_was_asked_for_is_malformed(
    parts: Parts, ask: Question, body: str
) -> None:
    parts.emulator.inject(Fault(status=200, body=body, times=None))

    with pytest.raises(MalformedResponse, match="read"):
        await ask(parts.lookups)
