"""Webhooks: verified, de-duplicated, turned into predictions. No framework.

Replicate signs with the scheme of Standard Webhooks (Replicate docs, webhooks): HMAC-SHA256 over
`id.timestamp.body`, with the bytes behind `whsec_` as the key.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from core.errors import MalformedResponse, WebhookRejected
from core.predictions import Prediction

TOLERANCE_SECONDS = 300.0
"""A webhook older or newer than this is refused, or it could be replayed for ever."""

_MOST_IDS = 10_000


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    now: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> str:
    """Check that a request is a genuine, recent webhook and return its id.

    Args:
        body: exactly the bytes that came.
        headers: the request's headers, in any case.
        secret: as `GET /webhooks/default/secret` gives it: `whsec_…`.
        now: seconds since the epoch.

    Raises:
        WebhookRejected: with the reason; the secret is never in it.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    webhook_id = fields.get("webhook-id", "")
    timestamp = fields.get("webhook-timestamp", "")
    signatures = fields.get("webhook-signature", "")
    if not (webhook_id and timestamp and signatures):
        raise WebhookRejected("a webhook-id, -timestamp or -signature header is missing")
    try:
        sent_at = int(timestamp)
    except ValueError:
        raise WebhookRejected("its timestamp isn't a number") from None
    if abs(now - sent_at) > tolerance_seconds:
        raise WebhookRejected("its timestamp is too far from now")

    signed = f"{webhook_id}.{timestamp}.".encode() + body
    expected = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    if not any(hmac.compare_digest(expected, given) for given in _decoded(signatures)):
        raise WebhookRejected("no signature matches")
    return webhook_id


class WebhookReceiver:
    """Takes webhooks in: `receive` gives each genuine one's prediction, once.

    Args:
        secret: `whsec_…`, from `get_webhook_secret()`.
        tolerance_seconds: how far a webhook's time may be from ours.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        secret: str,
        *,
        tolerance_seconds: float = TOLERANCE_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _key(secret)  # a secret that can't be read is known now, not at the first webhook
        self._secret = secret
        self._tolerance_seconds = tolerance_seconds
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Prediction | None:
        """Return the webhook's prediction, or None if this webhook came before.

        Raises:
            WebhookRejected: not genuine, not recent, or not a prediction: answer 401.
        """
        now = self._clock()
        webhook_id = verify(
            body, headers, self._secret, now=now, tolerance_seconds=self._tolerance_seconds
        )
        try:
            prediction = Prediction.from_json(json.loads(body))
        except (ValueError, MalformedResponse):
            raise WebhookRejected("its body isn't a prediction") from None
        return prediction if self._is_new(webhook_id, now) else None

    def _is_new(self, webhook_id: str, now: float) -> bool:
        # An id is kept for as long as its timestamp could pass; the count bounds the memory.
        oldest = now - 2 * self._tolerance_seconds
        while self._seen and (
            len(self._seen) >= _MOST_IDS or next(iter(self._seen.values())) < oldest
        ):
            self._seen.popitem(last=False)
        if webhook_id in self._seen:
            return False
        self._seen[webhook_id] = now
        return True


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise WebhookRejected("the signing secret isn't a whsec_… secret") from None


def _decoded(signatures: str) -> list[bytes]:
    """Return the v1 signatures that can be read; others beside them don't matter."""
    found = []
    for item in signatures.split():
        version, _, encoded = item.partition(",")
        if version != "v1":
            continue
        try:
            found.append(base64.b64decode(encoded, validate=True))
        except binascii.Error:
            continue
    return found
