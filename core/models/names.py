"""Names of models, and models as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, MalformedResponse

# They become parts of a path, where `..` would lead elsewhere.
_OWNER_NAME = r"(?P<owner>\w[\w.-]*)/(?P<name>\w[\w.-]*)"
_MODEL = re.compile(rf"{_OWNER_NAME}(?::(?P<version>[0-9a-f]+))?", re.ASCII)
_DEPLOYMENT = re.compile(rf"deployments/{_OWNER_NAME}", re.ASCII)
_VERSION = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelName:
    """What a prediction is made of: a model, a version of one, or a deployment.

    Exactly one of `version` alone, `owner` and `name`, or `owner`, `name` and `version` is set;
    `deployment` says that owner and name are a deployment's.
    """

    owner: str = ""
    name: str = ""
    version: str = ""
    deployment: bool = False

    @classmethod
    def parse(cls, text: str) -> "ModelName":
        """Return what `owner/name`, `owner/name:version`, a version or `deployments/…` names.

        Raises:
            InvalidInput: it is none of these.
        """
        if _VERSION.fullmatch(text):
            return cls(version=text)
        if found := _DEPLOYMENT.fullmatch(text):
            return cls(owner=found["owner"], name=found["name"], deployment=True)
        if found := _MODEL.fullmatch(text):
            return cls(owner=found["owner"], name=found["name"], version=found["version"] or "")
        raise InvalidInput(
            f"“{text}” isn't a model: write owner/name, owner/name:version or a version's id.",
            field="model",
        )

    def __str__(self) -> str:
        if not self.name:
            return self.version
        prefix = "deployments/" if self.deployment else ""
        suffix = f":{self.version}" if self.version else ""
        return f"{prefix}{self.owner}/{self.name}{suffix}"


@dataclass(frozen=True)
class Model:
    """A model as Replicate describes it.

    `openapi_schema` is that of its latest version, or of the version asked for; None where the
    model has no version that can be read.
    """

    owner: str
    name: str
    description: str
    is_official: bool
    run_count: int
    version_id: str | None
    openapi_schema: Mapping[str, Any] | None
    cover_image_url: str | None
    extra: Mapping[str, Any]

    @classmethod
    def from_json(cls, body: Any, *, version: Any = None) -> "Model":
        """Return the model that a JSON object describes, with `version`'s schema if it is given.

        Raises:
            MalformedResponse: it has no owner or no name.
        """
        if not isinstance(body, dict) or not body.get("owner") or not body.get("name"):
            raise MalformedResponse("Replicate's answer is not a model: try again later.")
        version = version or body.get("latest_version")
        if not isinstance(version, dict):
            version = {}
        runs = body.get("run_count")
        named = {"owner", "name", "description", "is_official", "run_count", "cover_image_url"}
        return cls(
            owner=str(body["owner"]),
            name=str(body["name"]),
            description=body.get("description") or "",
            is_official=bool(body.get("is_official")),
            run_count=runs if isinstance(runs, int) else 0,
            version_id=version.get("id"),
            openapi_schema=version.get("openapi_schema"),
            cover_image_url=body.get("cover_image_url"),
            extra={key: value for key, value in body.items() if key not in named},
        )
