"""Models as a person sees them: as tiles to open, and each on a page of its own. Pure."""

import json
from collections.abc import Collection as AnyOf
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from mimetypes import guess_type
from typing import Any
from urllib.parse import urlsplit

from core import InvalidInput, Prediction
from core.downloads.outputs import urls_of
from core.history.records import prompt_of
from core.jobs.schemas import Described
from core.models.catalog import find
from core.models.descriptions import Collection, Model, Version
from ui.views.pieces import picture_of
from ui.views.readmes import readme_html
from ui.views.templates import render

_EXCERPT_CHARACTERS = 400
_WORDS_CHARACTERS = 140
_VERSION_CHARACTERS = 12


@dataclass(frozen=True)
class Tile:
    """A model as one of many.

    Attributes:
        blurb: one line on what it does.
        runs: how often it was run, in words; "" where that isn't known.
        cover: the URL of a picture, or None.
    """

    id: str
    blurb: str = ""
    runs: str = ""
    cover: str | None = None
    is_favourite: bool = False


@dataclass(frozen=True)
class Section:
    """Models under a heading; `leads_back` where it took the others' place."""

    title: str
    models: tuple[Tile, ...]
    text: str = ""
    leads_back: bool = False


@dataclass(frozen=True)
class Direct:
    """What a pasted text leads to at once: an event, with its value."""

    act: str
    value: str
    text: str


def browse(
    sections: Iterable[Section],
    *,
    collections: Sequence[Collection] = (),
    direct: Direct | None = None,
    message: str = "",
    is_problem: bool = False,
) -> str:
    """Return what there is to open.

    Args:
        message: one sentence above it all; `is_problem` if something went wrong.
    """
    return render(
        "browse",
        sections=[one for one in sections if one.models],
        collections=collections,
        direct=direct,
        message=message,
        is_problem=is_problem,
    )


def tile(model: Model, favourites: AnyOf[str]) -> Tile:
    """Return a model as one of many."""
    return Tile(
        id=model.full_name,
        blurb=model.description,
        runs=amount(model.run_count) if model.run_count else "",
        cover=model.cover_image_url or _curated_picture(model.full_name),
        is_favourite=model.full_name in favourites,
    )


def named_tile(model: str, favourites: AnyOf[str]) -> Tile:
    """Return the tile of a model of which no more than its name is at hand."""
    curated = find(model)
    return Tile(
        id=model,
        blurb="" if curated is None else curated.blurb,
        cover=_curated_picture(model),
        is_favourite=model in favourites,
    )


@dataclass(frozen=True)
class Sample:
    """What a model made, as an example of it.

    Attributes:
        kind: `image`, `video`, `audio` or `text`.
        words: what it was asked for.
    """

    id: str
    kind: str
    words: str
    url: str = ""
    text: str = ""


@dataclass(frozen=True)
class More:
    """What a model's page shows besides its description; it is asked for afterwards."""

    model: str = ""
    versions: tuple[Version, ...] = ()
    readme: str = ""
    examples: tuple[Prediction, ...] = field(default=(), hash=False)


def model_page(
    described: Described, model: str, *, favourites: AnyOf[str] = (), more: More | None = None
) -> str:
    """Return a model's page.

    Args:
        described: what is known of it.
        model: as it was opened: `owner/name`, or with a version.
    """
    more = more or More()
    card = described.model
    facts = [
        *(["Official"] if card.is_official else []),
        *([f"{amount(card.run_count)} runs"] if card.run_count else []),
        *_hardware(card),
        *_version_facts(card.version, is_pinned=":" in model),
    ]
    links = [
        ("License", card.license_url),
        ("GitHub", card.github_url),
        ("Paper", card.paper_url),
        ("On Replicate", f"https://replicate.com/{card.full_name}"),
    ]
    stale = f"Replicate can't be reached: this is from {_day(described.fetched_at)}."
    return render(
        "modelpage",
        model=tile(card, favourites),
        facts=facts,
        links=[(name, url) for name, url in links if url],
        note=stale if described.is_stale else "",
        versions=[_version_row(one, card.full_name, model) for one in more.versions],
        readme=readme_html(more.readme),
        examples=[sample_of(one) for one in more.examples],
    )


def unknown_model_page(model: str, problem: str) -> str:
    """Return the page of a model that can't be described now."""
    return render(
        "modelpage",
        model=Tile(model.partition(":")[0]),
        facts=(),
        links=(),
        note=problem,
        versions=(),
        readme="",
        examples=(),
    )


def sample_of(prediction: Prediction) -> Sample:
    """Return a prediction as an example: its first file that can be shown, or else its text."""
    words = (prompt_of(prediction.input) or _listed(prediction.input))[:_WORDS_CHARACTERS]
    try:
        urls = urls_of(prediction.output)
    except InvalidInput:
        urls = []
    for url in urls:
        if (kind := _kind_of(url)) in ("image", "video", "audio"):
            return Sample(prediction.id, kind, words, url=url)
    return Sample(prediction.id, "text", words, text=_text(prediction.output)[:_EXCERPT_CHARACTERS])


def amount(count: int) -> str:
    """Return a large number as people say it: `950`, `12.3K`, `4.1M`, `2B`."""
    number, units = float(count), ["", "K", "M", "B"]
    while number >= 999.5 and len(units) > 1:
        number /= 1000
        del units[0]
    unit = units[0]
    digits = f"{number:.1f}" if unit and number < 99.95 else f"{number:.0f}"
    return digits.removesuffix(".0") + unit


def _kind_of(url: str) -> str:
    media_type, _ = guess_type(url if url.startswith("data:") else urlsplit(url).path)
    return (media_type or "").partition("/")[0]


def _listed(given: Mapping[str, Any]) -> str:
    """Return an input that has no words in one line: `steps 4, seed 7`."""
    return ", ".join(
        f"{name} {value}"
        for name, value in given.items()
        if isinstance(value, int | float) or (isinstance(value, str) and not _is_url(value))
    )


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://", "data:"))


def _text(output: Any) -> str:
    if isinstance(output, list) and all(isinstance(one, str) for one in output):
        return "".join(output)
    return output if isinstance(output, str) else json.dumps(output, indent=1, ensure_ascii=False)


def _curated_picture(model: str) -> str | None:
    curated = find(model)
    return None if curated is None else picture_of(curated)


def _hardware(card: Model) -> list[str]:
    hardware = card.extra.get("hardware")
    return [hardware] if isinstance(hardware, str) and hardware else []


def _version_facts(version: Version | None, *, is_pinned: bool) -> list[str]:
    if version is None:
        return []
    when = "" if version.created_at is None else f" of {_day(version.created_at)}"
    if is_pinned:
        return [f"Pinned to version {version.id[:_VERSION_CHARACTERS]}{when}"]
    return [f"Latest version{when}"] if when else []


def _version_row(version: Version, full_name: str, chosen: str) -> dict[str, Any]:
    pinned = f"{full_name}:{version.id}"
    return {
        "model": pinned,
        "name": version.id[:_VERSION_CHARACTERS],
        "when": "" if version.created_at is None else _day(version.created_at),
        "is_chosen": chosen == pinned,
    }


def _day(moment: datetime) -> str:
    local = moment.astimezone()
    year = "" if local.year == datetime.now(UTC).year else f" {local.year}"
    return f"{local.day} {local:%B}{year}"
