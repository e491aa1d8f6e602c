"""The page's smaller pieces of HTML: its head, the choice of a model, messages. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from core.models.catalog import CatalogModel, find
from ui.components import ASSETS
from ui.services import Backend
from ui.views.cards import file_url
from ui.views.templates import render

_EXAMPLES = 4


@dataclass(frozen=True)
class ModelView:
    """A model as it is offered: its name, what it is good for, a picture of that or None."""

    id: str
    title: str
    blurb: str
    picture: str | None


@dataclass(frozen=True)
class BannerLine:
    """A sentence of the banner; `name` is what it is dismissed by, None if it stays."""

    text: str
    name: str | None = None


def masthead(backend: Backend) -> str:
    """Return the page's head: its name and what it talks to."""
    return render("masthead", backend=backend)


def banner(lines: Sequence[BannerLine]) -> str:
    """Return what is wrong, for every tab; "" when nothing is."""
    return render("banner", lines=lines) if lines else ""


def model_picker(models: Sequence[CatalogModel], chosen: str) -> str:
    """Return the choice of a model.

    Args:
        models: those to choose from.
        chosen: `owner/name`, perhaps of a model that isn't among them.
    """
    curated = find(chosen)
    face = (
        ModelView(chosen, chosen, "Not one of the models on offer here.", None)
        if curated is None
        else _view(curated)
    )
    return render("picker", models=[_view(model) for model in models], chosen=face)


def welcome(heading: str, text: str, models: Sequence[CatalogModel]) -> str:
    """Return what is shown before anything was run: examples to begin with."""
    examples = [{**asdict(_view(model)), "prompt": model.example} for model in models[:_EXAMPLES]]
    return render("welcome", heading=heading, text=text, examples=examples)


def notice(text: str, tone: str = "info", *, lost: str | None = None) -> str:
    """Return a message of one sentence.

    Args:
        tone: `info` or `bad`.
        lost: the id of a job that can be looked for again, where that is what it is about.
    """
    return render("notice", text=text, tone=tone, lost=lost)


def toast(text: str, *, undo: Sequence[str] = ()) -> dict[str, str]:
    """Return a message that leaves by itself.

    Args:
        text: one sentence.
        undo: the ids of the jobs that were thrown away, where there is a way back.
    """
    return {"html": render("toast", text=text, job_ids=" ".join(undo))}


def picture_of(model: CatalogModel) -> str | None:
    """Return the URL of the picture that a curated model is offered with, if there is one."""
    picture = ASSETS / "models" / f"{model.id.replace('/', '--')}.webp"
    return file_url(picture) if picture.exists() else None


def _view(model: CatalogModel) -> ModelView:
    return ModelView(model.id, model.title, model.blurb, picture_of(model))
