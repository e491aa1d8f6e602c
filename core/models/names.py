"""Names of models."""

import re
from dataclasses import dataclass

from core.errors import InvalidInput

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
        written = text if isinstance(text, str) else ""  # untyped callers have None where it fails
        if _VERSION.fullmatch(written):
            return cls(version=written)
        if found := _DEPLOYMENT.fullmatch(written):
            return cls(owner=found["owner"], name=found["name"], deployment=True)
        if found := _MODEL.fullmatch(written):
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
