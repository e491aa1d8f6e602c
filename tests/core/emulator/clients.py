"""Clients of the emulator, and what they mostly do."""

import ssl
import time
from collections.abc import Callable
from typing import Any

import httpx2

from core.emulator import Emulator

ENDS = ("succeeded", "failed", "canceled", "aborted")

_CERTIFICATES = ssl.create_default_context()
"""Shared, for loading them takes longer than most tests."""


def client_of(emulator: Emulator | None, *, token: str = "r8_test") -> httpx2.Client:
    """Return a client with a token, or one of nothing in particular without."""
    if emulator is None:
        return httpx2.Client(verify=_CERTIFICATES, timeout=10)
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{emulator.url}/v1"
    return httpx2.Client(base_url=url, headers=headers, verify=_CERTIFICATES, timeout=10)


def create(
    http: httpx2.Client, model: str, model_input: Any, *, headers: Any = None, **body: Any
) -> httpx2.Response:
    """Create a prediction of an official model."""
    return http.post(
        f"/models/{model}/predictions", json={"input": model_input, **body}, headers=headers
    )


def run(http: httpx2.Client, model: str, model_input: Any, **body: Any) -> dict[str, Any]:
    """Return a prediction that has ended."""
    response = create(http, model, model_input, headers={"Prefer": "wait=10"}, **body)
    assert response.status_code == 201, response.text
    prediction: dict[str, Any] = response.json()
    assert prediction["status"] in ENDS
    return prediction


def get(http: httpx2.Client, prediction: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction as it is now, by the URL that it has for that."""
    body: dict[str, Any] = http.get(prediction["urls"]["get"]).json()
    return body


def until(
    http: httpx2.Client, prediction: dict[str, Any], holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Poll a prediction until something holds for it."""
    give_up = time.monotonic() + 5
    while not holds(prediction):
        assert time.monotonic() < give_up, prediction
        time.sleep(0.002)
        prediction = get(http, prediction)
    return prediction


def until_ended(http: httpx2.Client, prediction: dict[str, Any]) -> dict[str, Any]:
    """Poll a prediction until it has ended."""
    return until(http, prediction, lambda now: now["status"] in ENDS)
