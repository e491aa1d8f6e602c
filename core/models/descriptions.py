"""Models, their versions and collections as Replicate describes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from core.errors import MalformedResponse


@dataclass(frozen=True)
class Version:
    """A version of a model.

    `openapi_schema` says what it takes and gives; None where Replicate doesn't tell, or where only
    its id is known.
    """

    id: str
    created_at: datetime | None = None
    cog_version: str | None = None
    openapi_schema: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """Return the version that a JSON object describes.

        Raises:
            MalformedResponse: it has no id.
        """
        if not isinstance(body, dict) or not body.get("id"):
            raise MalformedResponse("Replicate's answer is not a version: try again later.")
        schema = body.get("openapi_schema")
        return cls(
            id=str(body["id"]),
            created_at=_time(body.get("created_at")),
            cog_version=_text(body.get("cog_version")) or None,
            openapi_schema=schema if isinstance(schema, dict) else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that describes it, for `from_json`."""
        return {
            "id": self.id,
            "created_at": self.created_at and self.created_at.isoformat(),
            "cog_version": self.cog_version,
            "openapi_schema": self.openapi_schema,
        }


@dataclass(frozen=True)
class Model:
    """A model as Replicate describes it.

    `version` is its latest, or the one that was asked for; None where it has none that can be read.
    `default_example` is a prediction as the API gives it. Links are `http` or `https`. `extra`
    holds the fields that this class has no name for.
    """

    owner: str
    name: str
    description: str = ""
    is_official: bool = False
    run_count: int = 0
    visibility: str = "public"
    cover_image_url: str | None = None
    github_url: str | None = None
    paper_url: str | None = None
    license_url: str | None = None
    default_example: Mapping[str, Any] | None = None
    version: Version | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, body: Any, *, version: Any = None) -> Self:
        """Return the model that a JSON object describes, with `version` if that is given.

        Raises:
            MalformedResponse: it has no owner or no name.
        """
        if not isinstance(body, dict) or not body.get("owner") or not body.get("name"):
            raise MalformedResponse("Replicate's answer is not a model: try again later.")
        version = version or body.get("latest_version")
        has_version = isinstance(version, dict) and version.get("id")
        runs = body.get("run_count")
        example = body.get("default_example")
        return cls(
            owner=str(body["owner"]),
            name=str(body["name"]),
            description=_text(body.get("description")),
            is_official=bool(body.get("is_official")),
            run_count=runs if isinstance(runs, int) else 0,
            visibility=_text(body.get("visibility")) or "public",
            cover_image_url=_link(body.get("cover_image_url")),
            github_url=_link(body.get("github_url")),
            paper_url=_link(body.get("paper_url")),
            license_url=_link(body.get("license_url")),
            default_example=example if isinstance(example, dict) else None,
            version=Version.from_json(version) if has_version else None,
            extra={key: value for key, value in body.items() if key not in _NAMED},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that describes it, for `from_json`."""
        described = {name: getattr(self, name) for name in _SAME_NAMES}
        latest = self.version and self.version.to_json()
        return {**self.extra, **described, "latest_version": latest}

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def version_id(self) -> str | None:
        """The id of its `version`, if it has one."""
        return None if self.version is None else self.version.id

    @property
    def openapi_schema(self) -> Mapping[str, Any] | None:
        """The schema of its `version`; None where there is none that can be read."""
        return None if self.version is None else self.version.openapi_schema


_SAME_NAMES = frozenset(Model.__dataclass_fields__) - {"version", "extra"}
_NAMED = _SAME_NAMES | {"latest_version"}


@dataclass(frozen=True)
class Collection:
    """A group of models that Replicate keeps.

    `full_description` is Markdown. It and `models` are empty in lists of collections, and in what
    a search finds.
    """

    slug: str
    name: str
    description: str = ""
    full_description: str = ""
    models: tuple[Model, ...] = ()

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """Return the collection that a JSON object describes.

        Raises:
            MalformedResponse: it has no slug, or what is in it are no models.
        """
        if not isinstance(body, dict) or not body.get("slug"):
            raise MalformedResponse("Replicate's answer is not a collection: try again later.")
        models = body.get("models") or []
        if not isinstance(models, list):
            raise MalformedResponse("A collection's models can't be read: try again later.")
        return cls(
            slug=str(body["slug"]),
            name=_text(body.get("name")) or str(body["slug"]),
            description=_text(body.get("description")),
            full_description=_text(body.get("full_description")),
            # A search only names them.
            models=tuple(Model.from_json(one) for one in models if not isinstance(one, str)),
        )


@dataclass(frozen=True)
class SearchResults:
    """What a search has found, the best first."""

    models: tuple[Model, ...] = ()
    collections: tuple[Collection, ...] = ()

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """Return the results that a JSON object describes.

        Raises:
            MalformedResponse: they can't be read.
        """
        found = body.get("models") if isinstance(body, dict) else None
        groups = body.get("collections", []) if isinstance(body, dict) else None
        if not isinstance(found, list) or not isinstance(groups, list):
            raise MalformedResponse("Replicate's search results can't be read.")
        if not all(isinstance(item, dict) for item in found):
            raise MalformedResponse("Replicate's search results can't be read.")
        return cls(
            models=tuple(Model.from_json(item.get("model")) for item in found),
            collections=tuple(Collection.from_json(group) for group in groups),
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _link(value: Any) -> str | None:
    """Return a URL that may be shown as a link: anybody who owns a model may write anything."""
    is_link = isinstance(value, str) and value.lower().startswith(("https://", "http://"))
    return value if is_link else None


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
