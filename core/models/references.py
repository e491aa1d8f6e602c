"""What a person pastes → what it refers to: a model, a prediction or a collection."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from core.errors import InvalidInput
from core.models.names import ModelName


@dataclass(frozen=True)
class ModelReference:
    """A model, a version of one, or a deployment, as the client takes it: `owner/name`."""

    model: str


@dataclass(frozen=True)
class PredictionReference:
    """A prediction: somebody's run of a model."""

    prediction_id: str


@dataclass(frozen=True)
class CollectionReference:
    """A collection of models."""

    slug: str


Reference = ModelReference | PredictionReference | CollectionReference


def read_reference(text: str) -> Reference:
    """Return what a text refers to.

    Args:
        text: a model as the client takes it; the address of a page of a model, a prediction or a
            collection on replicate.com, or of the same on api.replicate.com, with or without
            `https://`; an image's name on r8.im; or a prediction's id. Blanks and quotes around it
            don't count.

    Raises:
        InvalidInput: it is none of these.
    """
    pasted = text.strip(_AROUND)
    try:
        reference = _read(pasted)
    except ValueError:  # of a URL that is none
        reference = None
    if reference is None:
        shown = pasted if len(pasted) <= _LONGEST_SHOWN else f"{pasted[:_LONGEST_SHOWN]}…"
        raise InvalidInput(
            f"“{shown}” is no model and no prediction: paste owner/name, owner/name:version, or "
            "the address of its page on replicate.com.",
            field="model",
        )
    return reference


_AROUND = " \t\r\n\u00a0\"'`“”„‘’«»<>"
_LONGEST_SHOWN = 80

_PREDICTION_ID = re.compile(r"[0-9a-z]{26}")
_ANY_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_SLUG = re.compile(r"[0-9a-z][0-9a-z-]{0,99}")

_SITE = """
    about account api blog changelog collections dashboard docs enterprise explore guides home
    hardware invites jobs login logout models p playground predictions pricing privacy search
    security settings showcase signin signup status support team terms trainings v1 webhooks
"""
_PAGES = frozenset(_SITE.split())
"""First parts of the addresses of the site's own pages: no model's owner is called so."""


def _read(pasted: str) -> Reference | None:
    url = urlsplit(pasted if "://" in pasted else f"//{pasted}")
    if url.scheme not in ("https", "http", ""):
        return None
    match url.hostname:
        case "replicate.com" | "www.replicate.com":
            return _on_the_site(_parts(url), parse_qs(url.query))
        case "api.replicate.com":
            return _in_the_api(_parts(url))
        case "r8.im":
            return _model(url.path.strip("/").replace("@sha256:", ":"))
        case _ if _PREDICTION_ID.fullmatch(pasted):
            return PredictionReference(pasted)
        case _:
            return _model(pasted.rstrip("/"))


def _parts(url: SplitResult) -> list[str]:
    return [unquote(part) for part in url.path.split("/") if part]


def _on_the_site(parts: list[str], query: dict[str, list[str]]) -> Reference | None:
    match parts:
        case ["p", prediction_id, *_]:
            return _prediction(prediction_id)
        case ["collections", slug]:
            return _collection(slug)
        case ["deployments", owner, name, *_]:
            return _model(f"deployments/{owner}/{name}")
        case [owner, _, *_] if owner not in _PAGES and "prediction" in query:
            return _prediction(query["prediction"][-1])
        case [owner, name, "versions", version, *_]:
            return _model(f"{owner}/{name}:{version}")
        case [owner, name, *_]:
            return _model(f"{owner}/{name}")
    return None


def _in_the_api(parts: list[str]) -> Reference | None:
    match parts:
        case ["v1", "predictions", prediction_id, *_]:
            return _prediction(prediction_id)
        case ["v1", "collections", slug]:
            return _collection(slug)
        case ["v1", "deployments", owner, name, *_]:
            return _model(f"deployments/{owner}/{name}")
        case ["v1", "models", owner, name, "versions", version, *_]:
            return _model(f"{owner}/{name}:{version}")
        case ["v1", "models", owner, name, *_]:
            return _model(f"{owner}/{name}")
    return None


def _model(text: str) -> ModelReference | None:
    try:
        name = ModelName.parse(text)
    except InvalidInput:
        return None
    return None if name.owner in _PAGES else ModelReference(str(name))


def _prediction(prediction_id: str) -> PredictionReference | None:
    return PredictionReference(prediction_id) if _ANY_ID.fullmatch(prediction_id) else None


def _collection(slug: str) -> CollectionReference | None:
    return CollectionReference(slug) if _SLUG.fullmatch(slug) else None
