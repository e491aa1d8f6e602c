"""Sends webhooks: signed, in order, the last one of a prediction again until it is taken.

Replicate docs, "Webhooks"; the signature is that of Standard Webhooks.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

import httpx2

from core.emulator.clock import Clock
from core.emulator.identifiers import new_id
from core.emulator.predictions import Happening, Prediction

_SPACING_SECONDS = 0.5
"""`output` and `logs` are sent at most this often."""

_RETRY_SECONDS = (1, 2, 4, 8, 15, 30)
"""When the last webhook is tried again: about a minute in all."""

_TIMEOUT_SECONDS = 10.0


class Webhooks:
    """Tells the outside what happens to predictions. Belongs to one event loop."""

    def __init__(self, clock: Clock, *, speed: float) -> None:
        self._clock = clock
        self._speed = speed
        self._key = secrets.token_bytes(24)
        self._http: httpx2.AsyncClient | None = None  # slow to make, and seldom needed
        self._queues: dict[str, asyncio.Queue[tuple[Happening, bytes | None]]] = {}
        self._senders: set[asyncio.Task[None]] = set()
        self._last_sent: dict[tuple[str, Happening], float] = {}

    @property
    def secret(self) -> str:
        """The key that webhooks are signed with."""
        return f"whsec_{base64.b64encode(self._key).decode()}"

    def note(self, prediction: Prediction, happening: Happening) -> None:
        """Send a webhook for what happened, if the prediction has one that wants it."""
        order = prediction.order
        if order.webhook is None:
            return
        is_wanted = happening in order.webhook_events
        if happening == "completed":
            self._last_sent.pop((prediction.id, "output"), None)
            self._last_sent.pop((prediction.id, "logs"), None)
        elif not is_wanted or not self._is_due(prediction, happening):
            return
        queue = self._queues.get(prediction.id)
        if queue is None:
            queue = self._queues[prediction.id] = asyncio.Queue()
            sender = asyncio.create_task(self._send_all(prediction.id, order.webhook, queue))
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        body = json.dumps(prediction.to_json(order.origin)).encode() if is_wanted else None
        queue.put_nowait((happening, body))

    async def close(self) -> None:
        """Give up what isn't sent yet."""
        for sender in self._senders:
            sender.cancel()
        if self._senders:
            await asyncio.wait(self._senders)
        if self._http is not None:
            await self._http.aclose()

    def _is_due(self, prediction: Prediction, happening: Happening) -> bool:
        if happening not in ("output", "logs"):
            return True
        now = asyncio.get_running_loop().time()
        last = self._last_sent.get((prediction.id, happening))
        if last is not None and now - last < _SPACING_SECONDS / self._speed:
            return False
        self._last_sent[prediction.id, happening] = now
        return True

    async def _send_all(
        self, prediction_id: str, url: str, queue: "asyncio.Queue[tuple[Happening, bytes | None]]"
    ) -> None:
        happening: Happening = "start"
        while happening != "completed":
            happening, body = await queue.get()
            if body is None:  # the end, of which nobody wants to hear
                break
            webhook_id = f"msg_{new_id()}"
            taken = await self._send(url, webhook_id, body)
            for seconds in _RETRY_SECONDS if happening == "completed" else ():
                if taken:
                    break
                await asyncio.sleep(seconds / self._speed)
                taken = await self._send(url, webhook_id, body)
        del self._queues[prediction_id]

    async def _send(self, url: str, webhook_id: str, body: bytes) -> bool:
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": self._signature(webhook_id, timestamp, body),
        }
        if self._http is None:
            self._http = httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        try:
            response = await self._http.post(url, content=body, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError):
            return False
        return response.is_success

    def _signature(self, webhook_id: str, timestamp: str, body: bytes) -> str:
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"


def is_webhook_url(value: Any) -> bool:
    """Tell whether a value can be a webhook's URL; Replicate itself insists on https."""
    if not isinstance(value, str):
        return False
    try:
        url = urlsplit(value)
        httpx2.URL(value)
    except (httpx2.InvalidURL, ValueError):
        return False
    return url.scheme in ("https", "http") and bool(url.hostname)
