"""Webhooks: verified, de-duplicated, turned into predictions. No framework.

Replicate signs with the scheme of Standard Webhooks (Replicate docs, webhooks): HMAC-SHA256 over
`id.timestamp.body`, with the bytes behind `whsec_` as the key. With FastAPI, an endpoint is:

    receiver = WebhookReceiver(client.get_webhook_secret())

    @app.post("/replicate", status_code=204)
    async def replicate_webhook(request: Request) -> None:
        try:
            body = await read_body(request.stream())
            prediction = receiver.receive(body, request.headers)
        except WebhookRejected as error:
            raise HTTPException(401, str(error)) from error
        if prediction is not None:
            print(prediction.id, prediction.status)

Replicate sends only the last webhook of a prediction again, and only when it isn't answered with
2xx: an endpoint whose own work failed calls `receiver.forget(request.headers)` and answers 500.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterable, Callable, Hashable, Mapping

from core.errors import MalformedResponse, SettingsError, WebhookRejected
from core.logs import get_logger
from core.prediction import Prediction

TOLERANCE_SECONDS = 300.0
"""A webhook older or newer than this is refused, or it could be replayed for ever."""

MAX_BODY_BYTES = 8 * 1024 * 1024
"""A prediction is a few kilobytes; one with inlined outputs can be a few megabytes."""

_STAGES = {"starting": 0, "processing": 1, "succeeded": 2, "failed": 2, "canceled": 2, "aborted": 2}


class WebhookReceiver:
    """Takes webhooks in: `receive` gives each genuine one's prediction, once and in order.

    May be used from any thread. What it remembers is bounded in number and time.

    Args:
        secret: `whsec_…`, from `get_webhook_secret()`.
        tolerance_seconds: how far a webhook's time may be from ours.
        clock: seconds since the epoch.

    Raises:
        SettingsError: the secret can't be read; it isn't repeated in the message.
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
        # An id is kept for as long as its timestamp could pass, which may lie in the future.
        self._delivered = Deduplicator(seconds=2 * tolerance_seconds)
        self._reached = Deduplicator(seconds=3600)
        self._lock = threading.Lock()

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Prediction | None:
        """Return the webhook's prediction, or None if it brings nothing new.

        Nothing new is a webhook that came before, and one that comes after a later state of the
        same prediction: `processing` after `succeeded`.

        Raises:
            WebhookRejected: not genuine, not recent, or not a prediction: answer 401.
        """
        now = self._clock()
        webhook_id = verify(
            body, headers, self._secret, now=now, tolerance_seconds=self._tolerance_seconds
        )
        prediction = parse(body)
        log = get_logger().bind(
            webhook_id=webhook_id, prediction_id=prediction.id, status=prediction.status
        )
        with self._lock:
            if not self._delivered.note(webhook_id, now=now):
                log.info("webhook.repeated")
                return None
            if not self._advances(prediction, now):
                log.info("webhook.overtaken")
                return None
        log.info("webhook.received")
        return prediction

    def forget(self, headers: Mapping[str, str]) -> None:
        """Take the webhook with these headers once more, if Replicate sends it again."""
        with self._lock:
            self._delivered.forget(_fields(headers).get("webhook-id", ""))

    def _advances(self, prediction: Prediction, now: float) -> bool:
        stage = _STAGES.get(prediction.status)
        if stage is None:  # a status that is newer than this code
            return True
        later_stages = {later for later in _STAGES.values() if later > stage}
        if any(self._reached.has((prediction.id, later), now=now) for later in later_stages):
            return False
        self._reached.note((prediction.id, stage), now=now)
        return True


class Deduplicator:
    """Remembers keys for a while, and only the newest when there are too many.

    Args:
        seconds: how long a key is remembered.
        max_keys: how many are.
    """

    def __init__(self, *, seconds: float, max_keys: int = 10_000) -> None:
        self._seconds = seconds
        self._max_keys = max_keys
        self._seen: OrderedDict[Hashable, float] = OrderedDict()

    def note(self, key: Hashable, *, now: float) -> bool:
        """Remember a key and tell whether it is new."""
        if self.has(key, now=now):
            return False
        self._seen[key] = now
        if len(self._seen) > self._max_keys:
            self._seen.popitem(last=False)
        return True

    def has(self, key: Hashable, *, now: float) -> bool:
        """Tell whether a key is remembered."""
        while self._seen and next(iter(self._seen.values())) <= now - self._seconds:
            self._seen.popitem(last=False)
        return key in self._seen

    def forget(self, key: Hashable) -> None:
        """Make a key new again."""
        self._seen.pop(key, None)

    def __len__(self) -> int:
        return len(self._seen)


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    *,
    now: float | None = None,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> str:
    """Check that a request is a genuine, recent webhook and return its id.

    Args:
        body: exactly the bytes that came.
        headers: the request's headers, in any case.
        secret: as `GET /webhooks/default/secret` gives it: `whsec_…`.
        now: seconds since the epoch; this machine's time if left out.

    Raises:
        WebhookRejected: with the reason; the secret is never in it.
        SettingsError: the secret can't be read.
    """
    fields = _fields(headers)
    webhook_id = fields.get("webhook-id", "")
    timestamp = fields.get("webhook-timestamp", "")
    signatures = fields.get("webhook-signature", "")
    if not (webhook_id and timestamp and signatures):
        raise WebhookRejected("a webhook-id, -timestamp or -signature header is missing")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise WebhookRejected("its timestamp is not a number of seconds")
    age_seconds = (time.time() if now is None else now) - int(timestamp)
    if age_seconds > tolerance_seconds:
        raise WebhookRejected("its timestamp is too old")
    if age_seconds < -tolerance_seconds:
        raise WebhookRejected("its timestamp lies in the future, or this machine's clock is slow")

    signed = f"{webhook_id}.{timestamp}.".encode() + body
    expected = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    if not any(hmac.compare_digest(expected, given) for given in _decoded(signatures)):
        raise WebhookRejected("no signature matches")
    return webhook_id


def parse(body: bytes) -> Prediction:
    """Return the prediction that a webhook's body holds.

    Raises:
        WebhookRejected: it holds none.
    """
    try:
        return Prediction.from_json(json.loads(body))
    except (ValueError, RecursionError, MalformedResponse) as error:
        raise WebhookRejected("its body is not a prediction") from error


async def read_body(chunks: AsyncIterable[bytes], *, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return a request's body; anyone may send one to a webhook's URL, so its size is capped.

    Raises:
        WebhookRejected: it is larger.
    """
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise WebhookRejected(f"its body is larger than {max_bytes} bytes")
    return bytes(body)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not key:  # anyone could sign with an empty one
        raise SettingsError(
            "The webhook secret can't be read: copy it whole, with its whsec_, from "
            "GET /webhooks/default/secret."
        )
    return key


def _decoded(signatures: str) -> list[bytes]:
    """Return the v1 signatures that can be read; others beside them don't matter."""
    found = []
    for item in signatures.split():
        version, _, encoded = item.partition(",")
        if version != "v1":
            continue
        try:
            found.append(base64.b64decode(encoded, validate=True))
        except ValueError:
            continue
    return found


def _fields(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
