"""Tells which predictions a create may have made, for one whose answer was lost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.client.inputs import canonical
from core.models.names import ModelName
from core.prediction import Prediction


@dataclass(frozen=True)
class CreateRequest:
    """One create: where it goes and what it says.

    `unknown` names the input's fields whose values aren't known any more to who looks it up.
    """

    model: ModelName
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    extra_seconds: float
    unknown: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """Equal for creates whose predictions may be taken for each other's."""
        alike = canonical(_without_details(self.body["input"]))
        return f"{self.path} {self.body.get('version', '')} {alike}"


def is_since(prediction: Prediction, since: datetime | None) -> bool:
    """Tell whether a prediction was made at a time or later; of None every one was."""
    if since is None:
        return True
    return prediction.created_at is not None and prediction.created_at >= since


def matches(prediction: Prediction, request: CreateRequest) -> bool:
    """Tell whether a prediction runs what a create asked for."""
    name = request.model
    version = request.body.get("version")
    if name.deployment:
        same_model = prediction.deployment == f"{name.owner}/{name.name}"
    elif version:
        same_model = prediction.version == version
    else:
        same_model = prediction.model.lower() == f"{name.owner}/{name.name}".lower()
    listed, sent = (
        {key: value for key, value in model_input.items() if key not in request.unknown}
        for model_input in (prediction.input, request.body["input"])
    )
    return same_model and _same(listed, sent)


_INLINED = re.compile(r"data:", re.IGNORECASE)
_UPLOADED = re.compile(r"https?://[^/]+/v1/files/", re.IGNORECASE)
_ANY_FILE = re.compile(r"data:|https?://", re.IGNORECASE)


def _same(listed: Any, sent: Any) -> bool:
    """Compare values as Replicate may list them: a null left out, a 1.0 as 1, a file elsewhere."""
    match listed, sent:
        case Mapping(), Mapping():
            return all(_same(listed.get(key), sent.get(key)) for key in {*listed, *sent})
        case list(), list() | tuple():
            return len(listed) == len(sent) and all(map(_same, listed, sent))
        case str(), str() | Path():
            return listed == sent or _same_file(listed, sent)
        case (bool(), _) | (_, bool()):
            return listed is sent
        case _:
            return bool(listed == sent)


def _same_file(listed: str, sent: str | Path) -> bool:
    """Tell whether a file may be listed so, which Replicate may have stored at a URL of its own."""
    if isinstance(sent, Path):
        return _ANY_FILE.match(listed) is not None
    for kind in (_INLINED, _UPLOADED):
        if kind.match(sent):
            # Of the same kind, but not equal: another file.
            return _ANY_FILE.match(listed) is not None and not kind.match(listed)
    return False


def _without_details(value: Any) -> Any:
    """Return an input in which everything is equal that `_same` may take for the same."""
    match value:
        case Mapping():
            return {
                str(key): _without_details(item) for key, item in value.items() if item is not None
            }
        case list() | tuple():
            return [_without_details(item) for item in value]
        case Path():
            return "a file"
        case str() if _ANY_FILE.match(value):
            return "a file"
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
