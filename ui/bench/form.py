"""The settings of one model as a form holds them, and an input made of them. Pure but for uploads'
paths; the components are `ui.bench.boxes`'."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from core import InvalidInput
from core.models.catalog import CatalogModel
from core.models.schema import Field, ModelSchema
from ui.bench.boxes import Box, boxes_of, held, is_file, read

_MAIN_FIELDS = 4
"""How many settings of a model that isn't curated stand above the fold."""

_UPLOAD = "upload:"
_HIDDEN = "[hidden]"
"""What stand in an input's JSON for a file of this machine and for a secret."""

_revisions = count(1)


@dataclass(frozen=True)
class Form:
    """The settings shown for one model.

    `values` holds what the person changed, or what a run was made with. Gradio redraws the form
    when its hash changes, and fields and values can't be hashed: a new revision says that they
    changed.

    Attributes:
        model: `owner/name`, perhaps with a version; "" where none is open.
        main: the fields that are always seen.
        advanced: those behind the fold.
        prompt: what the model is asked in words, which stands above the form; None if it isn't.
    """

    model: str
    revision: int = 0
    main: tuple[Field, ...] = field(default=(), hash=False)
    advanced: tuple[Field, ...] = field(default=(), hash=False)
    values: Mapping[str, Any] = field(default_factory=dict, hash=False)
    prompt: Field | None = field(default=None, hash=False)

    @classmethod
    def of(
        cls, model: str, schema: ModelSchema | None, curated: CatalogModel | None = None
    ) -> "Form":
        """Return a model's form, untouched; one whose schema isn't known has only a prompt."""
        if schema is None or schema.is_open:
            return cls(model, prompt=_SOME_PROMPT)
        prompt = schema.field("prompt")
        if prompt is not None and not prompt.is_prompt:
            prompt = None
        fields = [one for one in schema.fields if one != prompt and not one.deprecated]
        wanted = _wanted(fields, curated)
        return cls(
            model,
            main=tuple(wanted),
            advanced=tuple(one for one in fields if one not in wanted),
            prompt=prompt,
        )

    @property
    def takes_prompt(self) -> bool:
        """Whether the model is asked in words."""
        return self.prompt is not None

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields but the prompt, in the order in which they are drawn."""
        return self.main + self.advanced

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes but the prompt's, in the order in which they are drawn."""
        return tuple(box for one in self.fields for box in boxes_of(one))

    @property
    def shown(self) -> dict[str, Any]:
        """What the boxes hold when they are drawn, by their keys."""
        return {box.key: self.values.get(box.key, box.initial) for box in self.boxes}

    def holding(self, values: Mapping[str, Any]) -> "Form":
        """Return this form with `values` in its boxes, to be drawn anew."""
        return replace(self, values=dict(values), revision=next(_revisions))

    def filled(self, given: Mapping[str, Any]) -> "Form":
        """Return this form with an input in it."""
        values: dict[str, Any] = {}
        for one in self.fields:
            if one.name in given:
                values |= held(one, given[one.name])
        return self.holding(self.differing(values))

    def differing(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Return what differs from the model's defaults.

        Args:
            shown: what the boxes hold.
        """
        return {
            box.key: shown[box.key]
            for box in self.boxes
            if box.key in shown and shown[box.key] != box.initial
        }

    def carried_over(self, other: "Form", shown: Mapping[str, Any]) -> "Form":
        """Return another model's form with the changed values that it has a place for.

        Defaults stay behind: one model's `steps = 4` means nothing to another.
        """
        changed = self.differing(shown)
        kept = {
            box.key: changed[box.key]
            for box in other.boxes
            if box.key in changed and box.accepts(changed[box.key])
        }
        return other.holding(kept)

    def without(self, shown: Mapping[str, Any], *names: str) -> "Form":
        """Return this form as it is, but for fields that are back at their defaults."""
        keys = {box.key for box in self.boxes if box.field.name in names}
        changed = self.differing(shown)
        return self.holding({key: value for key, value in changed.items() if key not in keys})

    def read(self, shown: Mapping[str, Any], prompt: str | None = None) -> dict[str, Any]:
        """Return the input that the boxes' values mean; what the model needs is checked elsewhere.

        What was left empty, and what is the model's default anyway, is left out.

        Args:
            prompt: what the model is asked, if it is.

        Raises:
            InvalidInput: boxes for JSON or addresses hold something else; `fields` says which.
        """
        changed = self.differing(shown)
        result: dict[str, Any] = {}
        problems: dict[str, str] = {}
        if self.prompt is not None and prompt:
            result["prompt"] = prompt
        for one in self.fields:
            if not any(box.key in changed for box in boxes_of(one)):
                continue
            try:
                value = read(one, shown)
            except InvalidInput as error:
                problems |= error.fields
                continue
            if value is not None and (value != "" or one.default):
                result[one.name] = value
        if problems:
            raise InvalidInput.of(problems)
        return result

    def mistakes(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return what the model doesn't take of an input; what is missing may still come.

        Args:
            given: what `read` has returned.
        """
        problems = {}
        for one in self.fields:
            if one.name in given and not one.is_left_out(given[one.name]):
                try:
                    one.checked(given[one.name])
                except InvalidInput as error:
                    problems[one.name] = str(error)
        return problems

    def to_json(self, shown: Mapping[str, Any], prompt: str | None = None) -> str:
        """Return the input as JSON to read and to change.

        Raises:
            InvalidInput: as `read`.
        """
        secrets = {one.name for one in self.fields if one.secret}
        given = {
            name: _HIDDEN if name in secrets else _written(value)
            for name, value in self.read(shown, prompt).items()
        }
        return json.dumps(given, indent=2, ensure_ascii=False)

    def from_json(self, text: str, shown: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
        """Return the prompt and what the boxes hold for an input's JSON.

        Files and secrets that `to_json` only named are those in the boxes.

        Raises:
            InvalidInput: it is no JSON object, or holds what the model has no field for.
        """
        try:
            given = json.loads(text or "{}")
        except json.JSONDecodeError as error:
            raise InvalidInput(f"This isn't JSON: {error}.") from error
        if not isinstance(given, dict):
            raise InvalidInput("An input is a JSON object: {…}.")
        known = ModelSchema(fields=(*self.fields, *((self.prompt,) if self.prompt else ())))
        if unknown := known.unknown(given):
            raise InvalidInput.of(unknown)
        prompt = given.get("prompt", "") if self.prompt else None
        if prompt is not None and not isinstance(prompt, str):
            raise InvalidInput("The prompt is a text.", field="prompt")
        result: dict[str, Any] = {}
        for one in self.fields:
            value = given.get(one.name, one.default)
            if one.secret and value == _HIDDEN:
                result[one.name] = shown.get(one.name)
            elif is_file(one):
                result |= held(one, _uploaded(value, shown.get(one.name)))
            else:
                result |= held(one, value)
        return prompt, result

    def image_field(self, *names: str | None) -> Field | None:
        """Return the field that takes a picture: one of `names`, or the first that seems to."""
        by_name = {one.name: one for one in self.fields}
        for name in names:
            if name in by_name:
                return by_name[name]
        files = [one for one in self.fields if is_file(one)]
        return next((one for one in files if one.media == "image"), None)


_SOME_PROMPT = Field(name="prompt", title="Prompt", required=True)
"""Of a model that nobody describes: most are asked in words."""


def _wanted(fields: Iterable[Field], curated: CatalogModel | None) -> list[Field]:
    """Return the fields that stand above the fold."""
    by_name = {one.name: one for one in fields}
    if curated is None:
        needed = [one for one in by_name.values() if one.required or one.is_prompt]
        others = [one for one in by_name.values() if one not in needed]
        return [*needed, *others[: max(0, _MAIN_FIELDS - len(needed))]]
    names = list(curated.settings)
    if curated.start_image is not None and curated.start_image not in names:
        names.append(curated.start_image)
    return [by_name[name] for name in names if name in by_name]


def _written(value: Any) -> Any:
    if isinstance(value, list):
        return [_written(one) for one in value]
    return f"{_UPLOAD}{value.name}" if isinstance(value, Path) else value


def _uploaded(value: Any, uploads: Any) -> Any:
    """Return a value with the uploads that it names in their places."""
    if isinstance(value, list):
        return [_uploaded(one, uploads) for one in value]
    paths = [uploads] if isinstance(uploads, str) else list(uploads or ())
    for path in map(Path, paths):
        if value == f"{_UPLOAD}{path.name}":
            return path
    return value
