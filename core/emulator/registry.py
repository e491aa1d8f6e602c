"""What there is to run: models, their versions and collections, deployments, trainings."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.emulator.clock import Clock, timestamp
from core.emulator.identifiers import new_id
from core.emulator.problems import not_found
from core.emulator.runner import Runner
from core.emulator.validation import openapi_schema

ACCOUNT = {
    "type": "user",
    "username": "emulator",
    "name": "Offline Emulator",
    "github_url": "https://github.com/emulator",
    "avatar_url": "https://github.com/emulator.png",
}

HARDWARE = [
    {"name": "CPU", "sku": "cpu"},
    {"name": "Nvidia T4 GPU", "sku": "gpu-t4"},
    {"name": "Nvidia L40S GPU", "sku": "gpu-l40s"},
    {"name": "2x Nvidia L40S GPU", "sku": "gpu-l40s-2x"},
    {"name": "Nvidia A100 (80GB) GPU", "sku": "gpu-a100-large"},
    {"name": "Nvidia H100 GPU", "sku": "gpu-h100"},
]

_COLLECTIONS = {
    "text-to-image": ("Generate images", "Pictures from a description."),
    "image-editing": ("Edit images", "Pictures from pictures and a description."),
    "text-to-video": ("Generate videos", "Clips from a description."),
    "image-to-video": ("Animate images", "Clips that begin with a picture."),
    "language-models": ("Large language models", "Answers, summaries and code, word by word."),
    "embedding-models": ("Embed text and images", "Vectors that tell how alike things are."),
    "3d-models": ("Generate 3D models", "Meshes from a description or a picture."),
}

_SEARCH_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Model:
    """A model as the API shows it; one that was made over the API has no runner."""

    owner: str
    name: str
    description: str = ""
    visibility: str = "public"
    github_url: str | None = None
    paper_url: str | None = None
    license_url: str | None = None
    cover_image_url: str | None = None
    readme: str | None = None
    created_at: str = ""
    runner: Runner | None = None

    @property
    def id(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def is_official(self) -> bool:
        """Whether it runs by its name, without a version."""
        return self.runner is not None and self.runner.card.is_official

    def cover(self, origin: str) -> str | None:
        """Return the URL of its picture; drawn models have one of their own."""
        if self.runner is not None and self.runner.card.makes_files:
            return f"{origin}/covers/{self.id}.webp"
        return self.cover_image_url

    def to_json(self, origin: str, *, example: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return it as the API describes it."""
        return {
            "url": f"https://replicate.com/{self.id}",
            "owner": self.owner,
            "name": self.name,
            "description": self.description,
            "visibility": self.visibility,
            "is_official": self.is_official,
            "github_url": self.github_url,
            "paper_url": self.paper_url,
            "license_url": self.license_url,
            "run_count": 0 if self.runner is None else self.runner.card.run_count,
            "cover_image_url": self.cover(origin),
            "default_example": example,
            "latest_version": None if self.runner is None else version_json(self.runner),
        }


@dataclass
class Collection:
    """A group of models."""

    slug: str
    name: str
    description: str
    models: list[Model] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as listings describe it."""
        return {"slug": self.slug, "name": self.name, "description": self.description}


class Registry:
    """Holds what there is; models, deployments and trainings can be made and removed."""

    def __init__(self, runners: Iterable[Runner], clock: Clock) -> None:
        self._clock = clock
        self._models = {runner.card.id: _model(runner) for runner in runners}
        self._deployments: dict[str, dict[str, Any]] = {}
        self._trainings: dict[str, dict[str, Any]] = {}

    def models(self) -> list[Model]:
        """Return all models, the newest first."""
        return sorted(
            self._models.values(), key=lambda model: (model.created_at, model.id), reverse=True
        )

    def model(self, owner: str, name: str) -> Model:
        """Return a model.

        Raises:
            Problem: 404, there is none.
        """
        model = self._models.get(f"{owner}/{name}")
        if model is None:
            raise not_found()
        return model

    def add_model(self, model: Model) -> Model:
        """Add or replace a model."""
        created_at = model.created_at or timestamp(self._clock.now())
        self._models[model.id] = replace(model, created_at=created_at)
        return self._models[model.id]

    def has_model(self, owner: str, name: str) -> bool:
        """Tell whether there is such a model."""
        return f"{owner}/{name}" in self._models

    def remove_version(self, model: Model) -> None:
        """Remove a model's version; the model stays."""
        self._models[model.id] = replace(model, runner=None)

    def remove_model(self, model: Model) -> None:
        """Remove a model."""
        del self._models[model.id]

    def runner_of_version(self, version: str) -> Runner | None:
        """Return the runner that `owner/name`, `owner/name:id` or an id means, if there is one.

        By its name alone only an official model can be run.
        """
        name, _, version_id = version.rpartition(":")
        for model in self._models.values():
            runner = model.runner
            if runner is None:
                continue
            if version == model.id and model.is_official:
                return runner
            if version_id == runner.card.version and name in ("", model.id):
                return runner
        return None

    def collections(self) -> list[Collection]:
        """Return the collections that have models, with them."""
        found = {
            slug: Collection(slug, name, description)
            for slug, (name, description) in _COLLECTIONS.items()
        }
        for model in self.models():
            for slug in model.runner.card.collections if model.runner else ():
                title = slug.replace("-", " ").capitalize()
                found.setdefault(slug, Collection(slug, title, title)).models.append(model)
        return [collection for collection in found.values() if collection.models]

    def search(self, query: str) -> list[tuple[Model, float]]:
        """Return the models that have all of a query's words, with scores, best first."""
        words = _SEARCH_WORD.findall(query.lower())
        scored = [(model, _score(model, words)) for model in self.models()]
        return sorted((item for item in scored if item[1] > 0), key=lambda item: -item[1])

    def search_collections(self, query: str) -> list[Collection]:
        """Return the collections that have all of a query's words."""
        words = _SEARCH_WORD.findall(query.lower())
        return [
            one
            for one in self.collections()
            if words
            and all(word in f"{one.slug} {one.name} {one.description}".lower() for word in words)
        ]

    def deployments(self) -> list[dict[str, Any]]:
        """Return all deployments, newest first."""
        return list(reversed(self._deployments.values()))

    def deployment(self, owner: str, name: str) -> dict[str, Any]:
        """Return a deployment.

        Raises:
            Problem: 404, there is none.
        """
        found = self._deployments.get(f"{owner}/{name}")
        if found is None:
            raise not_found()
        return found

    def put_deployment(
        self, owner: str, name: str, *, model: str, version: str, configuration: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make a deployment, or release it anew."""
        before = self._deployments.get(f"{owner}/{name}")
        number = 1 if before is None else before["current_release"]["number"] + 1
        self._deployments[f"{owner}/{name}"] = {
            "owner": owner,
            "name": name,
            "current_release": {
                "number": number,
                "model": model,
                "version": version,
                "created_at": timestamp(self._clock.now()),
                "created_by": ACCOUNT,
                "configuration": dict(configuration),
            },
        }
        return self._deployments[f"{owner}/{name}"]

    def remove_deployment(self, owner: str, name: str) -> None:
        """Remove a deployment."""
        del self._deployments[f"{owner}/{name}"]

    def trainings(self) -> list[dict[str, Any]]:
        """Return all trainings, newest first."""
        return list(reversed(self._trainings.values()))

    def training(self, training_id: str) -> dict[str, Any]:
        """Return a training.

        Raises:
            Problem: 404, there is none.
        """
        found = self._trainings.get(training_id)
        if found is None:
            raise not_found()
        return found

    def add_training(self, model: Model, version: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take a training in and end it at once: an emulator can't train, and says so."""
        now = timestamp(self._clock.now())
        training_id = new_id()
        self._trainings[training_id] = {
            "id": training_id,
            "model": model.id,
            "version": version,
            "input": dict(given),
            "logs": "",
            "error": "This is an emulator: it can't train models.",
            "source": "api",
            "status": "failed",
            "created_at": now,
            "started_at": now,
            "completed_at": now,
            "metrics": {"predict_time": 0.0, "total_time": 0.0},
        }
        return self._trainings[training_id]


def version_json(runner: Runner) -> dict[str, Any]:
    """Return a model's version as the API describes it."""
    return {
        "id": runner.card.version,
        "created_at": runner.card.created_at,
        "cog_version": runner.card.cog_version,
        "openapi_schema": openapi_schema(runner.card),
    }


def _model(runner: Runner) -> Model:
    card = runner.card
    return Model(
        owner=card.owner,
        name=card.name,
        description=card.description,
        github_url=card.github_url,
        paper_url=card.paper_url,
        license_url=card.license_url,
        cover_image_url=card.cover,
        readme=f"# {card.name}\n\n{card.description}\n\nEmulated: no model is run.\n",
        created_at=card.created_at,
        runner=runner,
    )


def _score(model: Model, words: list[str]) -> float:
    tags = " ".join(model.runner.card.collections) if model.runner else ""
    places = ((model.name.lower(), 3.0), (model.owner.lower(), 2.0))
    rest = f"{model.description} {tags}".lower()
    score = 0.0
    for word in words:
        found = sum(weight for text, weight in places if word in text) + (word in rest)
        if not found:
            return 0.0
        score += found
    return score
