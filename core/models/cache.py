"""Models' descriptions kept on disk, for when Replicate can't be asked."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.downloads.partfile import PartFile
from core.errors import MalformedResponse
from core.logs import get_logger
from core.models.descriptions import Model

_UNREADABLE = (OSError, ValueError, TypeError, KeyError, RecursionError, MalformedResponse)
"""What comes of a file that is damaged or another release's, and of a disk's own trouble."""


@dataclass(frozen=True)
class Kept:
    """A model as it was described at a moment."""

    model: Model
    fetched_at: datetime


class DescriptionCache:
    """Keeps what each backend said of a model, in a file of its own.

    What can't be read is as if it weren't there, and what can't be written is left: all of it is
    at Replicate, too. Its methods block, so they are called from threads; several processes may
    use one folder.

    Args:
        folder: where the files are; made when the first is written. Nothing else belongs there.
        max_files: how many it may hold, each model's one.
        max_bytes: how large they may be together; the oldest go first.
    """

    def __init__(
        self, folder: Path, *, max_files: int = 300, max_bytes: int = 64 * 1024 * 1024
    ) -> None:
        self._folder = folder
        self._max_files = max_files
        self._max_bytes = max_bytes

    def load(self, backend: str, name: str) -> Kept | None:
        """Return what was kept of a model, or None.

        Args:
            backend: who described it; another's description may be another.
            name: how it was asked for: `owner/name`, or `owner/name:version`.
        """
        path = self._path(backend, name)
        try:
            if path.stat().st_size > self._max_bytes:
                return None
            return _kept(json.loads(path.read_bytes()), backend, name)
        except FileNotFoundError:
            return None
        except _UNREADABLE as error:
            get_logger().warning("description.unreadable", model=name, reason=type(error).__name__)
            return None

    def store(self, backend: str, name: str, kept: Kept) -> None:
        """Keep a description in the place of an earlier one, whole or not at all."""
        told = {
            "backend": backend,
            "name": name,
            "fetched_at": kept.fetched_at.isoformat(),
            "model": kept.model.to_json(),
        }
        part = PartFile(self._folder)
        try:
            part.write(json.dumps(told).encode())
            part.publish(self._path(backend, name))
            self._make_room()
        except OSError as error:
            get_logger().warning("description.not_kept", model=name, reason=str(error))
        finally:
            part.discard()

    def forget(self, backend: str, name: str) -> None:
        """Remove what was kept of a model, if anything was."""
        with suppress(OSError):
            self._path(backend, name).unlink(missing_ok=True)

    def _path(self, backend: str, name: str) -> Path:
        told = json.dumps([backend, name])
        return self._folder / f"{hashlib.sha256(told.encode()).hexdigest()}.json"

    def _make_room(self) -> None:
        """Remove the oldest files, those too that a killed process left half written."""
        found = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another process makes room as well
                stat = path.stat()
                found.append((stat.st_mtime_ns, stat.st_size, path))
        in_all = 0
        for n, (_, size, path) in enumerate(sorted(found, reverse=True)):
            in_all += size
            if n >= self._max_files or in_all > self._max_bytes:
                path.unlink(missing_ok=True)


def _kept(told: Any, backend: str, name: str) -> Kept:
    if (told["backend"], told["name"]) != (backend, name):
        raise ValueError("another model's description")
    fetched_at = datetime.fromisoformat(told["fetched_at"])
    if fetched_at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return Kept(Model.from_json(told["model"]), fetched_at)
