"""Everything that core raises, and one sentence with each that says what to do.

PlaygroundError
├── SettingsError               a setting in the environment or `.env` can't be used
├── AlreadyClosed               the client, or the stream, was closed before
├── WrongEventLoop              it belongs to another event loop, or to the process before a fork
├── InvalidInput                refused before anything was sent
├── ApiError                    Replicate answered with an error status
│   ├── Unauthenticated         401
│   ├── PaymentRequired         402
│   ├── Forbidden               403
│   ├── NotFound                404
│   ├── InputRejected           422, with the fields that were wrong
│   ├── RateLimited             429
│   └── ServerError             5xx
├── ConnectionFailed            the request was not sent
├── ConnectionLost              the request was sent, its answer is unknown
├── MalformedResponse           the answer can't be read
├── CreateUncertain             a create's answer was lost and no prediction was found
├── CreateWithdrawn             a create was taken back before it was sent
├── PredictionError             a prediction ended without a result
│   ├── PredictionFailed        also `replicate`'s ModelError, where that is loaded
│   ├── PredictionCanceled
│   ├── PredictionAborted
│   └── PredictionTimeout       not done in time
├── DownloadError               an output can't be turned into a file
│   ├── OutputExpired           Replicate has deleted it
│   ├── OutputTooLarge
│   ├── UrlRefused              its host isn't one that outputs come from
│   ├── DownloadIncomplete
│   ├── WrongContent            the bytes are not what the name says
│   └── DiskFull
└── WebhookRejected             not a genuine, recent webhook
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from core.prediction import Prediction

F = TypeVar("F", bound="PredictionFailed")


class PlaygroundError(Exception):
    """The base of everything that core raises.

    Each can be copied and pickled with its evidence, for another process to raise again.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own would call __init__ with the sentence alone: most here take other things.
        return _without_init, (self._public_type, self.args), self.__dict__

    @property
    def _public_type(self) -> type[PlaygroundError]:
        return type(self)


def _without_init(kind: type[PlaygroundError], args: tuple[Any, ...]) -> PlaygroundError:
    return kind.__new__(kind, *args)


class SettingsError(PlaygroundError):
    """A setting can't be used."""


class AlreadyClosed(PlaygroundError):
    """The client, or the stream, was closed before, or meanwhile."""


class WrongEventLoop(PlaygroundError):
    """A client, or a stream, belongs to another event loop, or to the process before a fork."""


class InvalidInput(PlaygroundError):
    """An input was refused before anything was sent.

    Attributes:
        field: the input's field that is wrong, the first where there are several, or None when it
            is the whole.
        fields: a sentence for each field that is wrong.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.fields: Mapping[str, str] = {} if field is None else {field: message}

    @classmethod
    def of(cls, problems: Mapping[str, str]) -> InvalidInput:
        """Return the error that says what is wrong with each of one or several fields."""
        error = cls(" ".join(problems.values()), field=next(iter(problems)))
        error.fields = dict(problems)
        return error


class ApiError(PlaygroundError):
    """Replicate answered with an error status.

    Attributes:
        status: the HTTP status.
        title: the problem's short name, as Replicate gave it, or "".
        detail: what Replicate said about it, or "".
        headers: the answer's headers, names in lower case.
        retry_after_seconds: how long Replicate asks to wait, or None.
    """

    advice = "Replicate refused the request"

    def __init__(
        self,
        *,
        status: int,
        title: str = "",
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self._message())

    def _message(self) -> str:
        said = self.detail.strip().rstrip(".") or self.title.strip()
        return (
            f"{self.advice} ({self.status}: {said})." if said else f"{self.advice} ({self.status})."
        )


class Unauthenticated(ApiError):
    """401: the token is missing or wrong."""

    advice = "Replicate doesn't know this token: check REPLICATE_API_TOKEN"


class PaymentRequired(ApiError):
    """402: the account has no credit; nothing ran."""

    advice = "Your Replicate account is out of credit: add some at replicate.com/account/billing"


class Forbidden(ApiError):
    """403: the account may not do this."""

    advice = "Your Replicate account may not do this"


class NotFound(ApiError):
    """404: there is no such model, version or prediction, or the account can't see it."""

    advice = "Replicate can't find this: check the name, and that your account can see it"


@dataclass(frozen=True)
class InvalidField:
    """One field that Replicate refused.

    Attributes:
        field: where it is, as Replicate writes it: `input.num_outputs`.
        type: the kind of mistake: `enum`, `number_lte`, …
        description: what is wrong, in Replicate's words.
    """

    field: str
    type: str
    description: str


class InputRejected(ApiError):
    """422: the input or the version is not what the model takes; nothing ran."""

    advice = "Replicate refused the input"

    def __init__(self, *, invalid_fields: tuple[InvalidField, ...] = (), **problem: Any) -> None:
        self.invalid_fields = invalid_fields
        super().__init__(**problem)

    def _message(self) -> str:
        if not self.invalid_fields:
            return super()._message()
        wrong = "; ".join(
            f"{item.field.removeprefix('input.')}: {item.description.rstrip('.')}"
            for item in self.invalid_fields
        )
        return f"{self.advice}: {wrong}."


class RateLimited(ApiError):
    """429: too many requests; `retry_after_seconds` says how long to wait."""

    advice = "Replicate asks to slow down"

    def _message(self) -> str:
        if self.retry_after_seconds is None:
            return f"{self.advice}: try again later."
        return f"{self.advice}: try again in {self.retry_after_seconds:.0f} s."


class ServerError(ApiError):
    """5xx: Replicate itself failed; whether a create took effect is not known."""

    advice = "Replicate has a problem of its own: try again later"


class ConnectionFailed(PlaygroundError):
    """No connection was made, so the request was certainly not carried out."""


class ConnectionLost(PlaygroundError):
    """The request was sent and its answer was lost: it may have been carried out."""


class MalformedResponse(PlaygroundError):
    """The answer is not what the API's documentation says."""


class CreateUncertain(PlaygroundError):
    """A create may have been carried out and charged, but its prediction was not found.

    Attributes:
        model: what was to run.
        input: its input, as it was sent.
        since: the server's time at which it was sent, or None if no answer ever told it.
        is_unlisted: when it was last looked up, Replicate answered and listed no prediction for
            it; False where Replicate couldn't be asked.
    """

    def __init__(
        self,
        *,
        model: str,
        input: Mapping[str, Any],
        since: datetime | None = None,
        is_unlisted: bool = False,
    ) -> None:
        self.model = model
        self.input = dict(input)
        self.since = since
        self.is_unlisted = is_unlisted
        looked = "lists no prediction for it" if is_unlisted else "can't be asked whether it was"
        super().__init__(
            f"The connection broke while {model} was being started, and Replicate {looked}: it may "
            "have been charged, so look at your predictions before you run it again."
        )


class CreateWithdrawn(PlaygroundError):
    """A create was taken back while it waited to be sent, so nothing ran."""

    def __init__(self) -> None:
        super().__init__("It was stopped before it was sent; nothing was charged.")


class PredictionError(PlaygroundError):
    """A prediction ended without a result.

    Attributes:
        prediction: as it was last seen, with its id, status, error and logs.
    """

    def __init__(self, prediction: Prediction, message: str) -> None:
        self.prediction = prediction
        # Not super(): ModelError, beside this in PredictionFailed, takes no message.
        Exception.__init__(self, message)


class PredictionFailed(PredictionError):
    """The model failed; `prediction.error` is its message.

    Also a `replicate.exceptions.ModelError`, for code that catches that: such code has loaded the
    package, which otherwise isn't needed and takes long to load.
    """

    def __new__(cls, *args: Any, **_: Any) -> Self:
        package = sys.modules.get("replicate.exceptions")
        kind = cls if package is None else _beside_model_error(cls, package.ModelError)
        return super().__new__(kind, *args)

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(prediction, f"The model failed: {prediction.error or 'it gave no reason'}")

    @property
    def _public_type(self) -> type[PlaygroundError]:
        return next(one for one in type(self).__mro__ if one.__dict__.get("_is_public", True))


def _beside_model_error(kind: type[F], model_error: type[Exception]) -> type[F]:
    if issubclass(kind, model_error):
        return kind
    key = kind, model_error
    if key not in _MIXED:
        named = {"__module__": kind.__module__, "__doc__": kind.__doc__, "_is_public": False}
        _MIXED[key] = type(kind.__name__, (kind, model_error), named)
    return _MIXED[key]


_MIXED: dict[tuple[type[Any], type[Exception]], type[Any]] = {}


class PredictionCanceled(PredictionError):
    """The prediction was cancelled; what it had used is charged (Replicate docs)."""

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(prediction, "The prediction was cancelled; what it ran is charged.")


class PredictionAborted(PredictionError):
    """The deadline came before the model started; not charged on public models (Replicate docs)."""

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(
            prediction, "The deadline came before the model could start; nothing was charged."
        )


class PredictionTimeout(PredictionError):
    """The prediction was not done in time.

    Attributes:
        seconds: the time it was given.
        was_cancelled: whether it was ended then; who only waits for one leaves it running.
    """

    def __init__(
        self, prediction: Prediction, *, seconds: float, was_cancelled: bool = True
    ) -> None:
        self.seconds = seconds
        self.was_cancelled = was_cancelled
        what = "was cancelled: give it a longer timeout" if was_cancelled else "is still running"
        super().__init__(
            prediction, f"The prediction was not done after {seconds:.0f} s and {what}."
        )


class DownloadError(PlaygroundError):
    """An output can't be turned into a file.

    Attributes:
        url: where the output was to come from.
    """

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        super().__init__(message)


class OutputExpired(DownloadError):
    """Replicate has deleted the output: it keeps them for one hour (Replicate docs)."""


class OutputTooLarge(DownloadError):
    """The output is larger than the cap."""


class UrlRefused(DownloadError):
    """The URL's host is not one that outputs may come from."""


class DownloadIncomplete(DownloadError):
    """The connection broke again and again, or the file is shorter than announced."""


class WrongContent(DownloadError):
    """The bytes are not of the kind that the name or the type says."""


class DiskFull(DownloadError):
    """There is no room for the file; nothing was left behind."""


class WebhookRejected(PlaygroundError):
    """The request is not a genuine, recent webhook of Replicate's."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Webhook refused: {reason}.")
