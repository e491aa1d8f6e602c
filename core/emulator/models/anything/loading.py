"""Reads a folder of model schemas, each into a runner or a sentence that says what is wrong."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from core.emulator.models.anything.kinds import Makes, collections_of, makes
from core.emulator.models.anything.reading import Document, mapping
from core.emulator.models.anything.running import Anything
from core.emulator.models.anything.samples import example_input
from core.emulator.problems import Problem
from core.emulator.runner import ModelCard, Runner
from core.emulator.validation import validated

_MAX_BYTES = 5_000_000
_MODEL = re.compile(r"(\w[\w.-]*)/(\w[\w.-]*)", re.ASCII)
_VERSION = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Loaded:
    """What a folder holds.

    Attributes:
        refused: a sentence for each file that isn't served.
    """

    runners: tuple[Runner, ...]
    refused: tuple[str, ...]


class _Unreadable(Exception):
    """A file is no model's schema; the message says why."""


def load(folder: Path, known: Iterable[ModelCard] = ()) -> Loaded:
    """Read each `*.json` of a folder as a model: `OWNER__NAME.json`.

    A file holds an OpenAPI document by itself, an object with one as its `openapi_schema`, or a
    model as Replicate's API describes it.

    Args:
        known: models that are known otherwise. What a file of the same name doesn't tell, such as
            whether the model is official, is taken from here.

    Raises:
        OSError: the folder can't be read.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder of model schemas.")
    cards = {card.id: card for card in known}
    found: dict[str, tuple[str, Runner]] = {}
    refused: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            runner = _runner(_read(path), path.stem, cards)
        except _Unreadable as reason:
            refused.append(f"{path.name} isn't served: {reason}.")
            continue
        before, _ = found.setdefault(runner.card.id, (path.name, runner))
        if before != path.name:
            refused.append(
                f"{path.name} isn't served: {before} describes {runner.card.id} already."
            )
    return Loaded(tuple(runner for _, runner in found.values()), tuple(refused))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _Unreadable(f"it is larger than {_MAX_BYTES // 1_000_000} MB")
        found = json.loads(path.read_bytes(), parse_constant=_refuse)
        json.dumps(
            found, ensure_ascii=False, allow_nan=False
        ).encode()  # it has to be sent to clients, too
    except OSError as error:
        raise _Unreadable(f"it can't be read ({error.strerror})") from error
    except RecursionError as error:
        raise _Unreadable("it is nested too deeply") from error
    except ValueError as error:
        raise _Unreadable(f"it isn't JSON ({error})") from error
    if not isinstance(found, dict):
        raise _Unreadable("it isn't a JSON object")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _runner(found: Mapping[str, Any], stem: str, known: Mapping[str, ModelCard]) -> Runner:
    version = {**found, **mapping(found.get("latest_version"))}
    document = found if "openapi" in found else version.get("openapi_schema")
    read = Document(document)
    if not isinstance(document, dict) or not any(
        isinstance(read.schemas.get(name), dict) for name in ("Input", "Output")
    ):
        raise _Unreadable("it holds no openapi_schema with an Input or an Output")
    owner, name = _name(found, stem)
    before = known.get(f"{owner}/{name}")
    card = ModelCard(
        owner=owner,
        name=name,
        description=_told(found, before, "description") or "",
        input=read.input,
        output=read.output,
        version=_version(version, document, f"{owner}/{name}"),
        is_official=_is_official(found, read, before),
        run_count=runs if isinstance(runs := found.get("run_count"), int) else 0,
        created_at=_moment(version.get("created_at")),
        github_url=_told(found, before, "github_url"),
        paper_url=_told(found, before, "paper_url"),
        license_url=_told(found, before, "license_url"),
        cover=_text(found, "cover_image_url"),
        cog_version=_text(version, "cog_version") or ModelCard.cog_version,
        document=document,
    )
    guess = makes(card, read)
    inputs = read.input["properties"]
    collections = before.collections if before else collections_of(guess, inputs)
    example = mapping(found.get("default_example")).get("input")
    card = replace(
        card,
        example_input=example_input(read, guess, example),
        output=card.output if "Output" in read.schemas else _unsaid_output(guess, before),
        collections=collections,
    )
    model = Anything(card, read, guess)
    return Runner(card, model.run, lambda: model.example() if _is_valid(card) else None)


def _name(found: Mapping[str, Any], stem: str) -> tuple[str, str]:
    """Return owner and name: the file's name says them, or else what is in it."""
    said = _text(found, "model") or f"{found.get('owner', '')}/{found.get('name', '')}"
    names = [said, stem.replace("__", "/", 1)]
    if said.replace("/", "__") != stem:
        names.reverse()
    for name in names:
        if fits := _MODEL.fullmatch(name):
            return fits[1], fits[2]
    raise _Unreadable("no model is named in it; call it OWNER__NAME.json")


def _version(version: Mapping[str, Any], document: Mapping[str, Any], model: str) -> str:
    for given in (version.get("version"), version.get("id")):
        if isinstance(given, str) and _VERSION.fullmatch(given):
            return given
    return hashlib.sha256(f"{model} {json.dumps(document)}".encode()).hexdigest()


def _is_official(found: Mapping[str, Any], document: Document, known: ModelCard | None) -> bool:
    """Tell whether a model runs by its name alone; one of which nothing is known doesn't."""
    for said in (found.get("is_official"), mapping(found.get("provenance")).get("is_official")):
        if isinstance(said, bool):
            return said
    if known is not None:
        return known.is_official
    description = mapping(document.schemas.get("Input")).get("description")
    return str(description).startswith("Official Replicate API schema")


def _unsaid_output(guess: Makes, known: ModelCard | None) -> dict[str, Any]:
    """Return the output schema of a model whose document has none."""
    if known is not None:
        return known.output
    if guess.is_files:
        return {"type": "string", "format": "uri"}
    return {"type": "string"} if guess.kind == "text" else {}


def _is_valid(card: ModelCard) -> bool:
    try:
        validated(card, card.example_input)
    except Problem:
        return False
    return True


def _told(found: Mapping[str, Any], known: ModelCard | None, name: str) -> str | None:
    """Return what a file says, or else what is known otherwise."""
    value: str | None = None if known is None else getattr(known, name)
    return _text(found, name) or value


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


def _moment(value: Any) -> str:
    try:
        return value if datetime.fromisoformat(value) else ""
    except (TypeError, ValueError):
        return ModelCard.created_at
