"""The emulator's files: uploaded ones and outputs, in a folder that goes with it."""

import base64
import hashlib
import hmac
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.emulator.clock import Clock, timestamp
from core.emulator.identifiers import new_id
from core.emulator.problems import Problem, not_found

MAX_UPLOAD_BYTES = 100 * 1024 * 1024  # Replicate's OpenAPI document, files.create
RETENTION = timedelta(hours=1)
"""How long outputs are kept (Replicate docs)."""

_UPLOAD_RETENTION = timedelta(hours=24)


@dataclass(frozen=True)
class StoredFile:
    """A file as it lies in the folder."""

    path: Path
    name: str
    media_type: str
    size: int
    sha256: str
    md5: str
    created_at: datetime
    expires_at: datetime
    id: str = field(default_factory=lambda: new_id(48))
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Storage:
    """Keeps files until the emulator ends or they expire. Its methods block, if shortly."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._folder = Path(tempfile.mkdtemp(prefix="replicate-emulator-"))
        self._key = secrets.token_bytes(32)
        self._uploads: dict[str, StoredFile] = {}
        self._outputs: dict[tuple[str, str], StoredFile] = {}

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def add_output(self, group: str, name: str, media_type: str, data: bytes) -> StoredFile:
        """Keep an output; it is found by its group, mostly a prediction's id, and its name."""
        stored = self._write(data, name, media_type, RETENTION)
        self._outputs[group, name] = stored
        return stored

    def output(self, group: str, name: str) -> StoredFile:
        """Return an output.

        Raises:
            Problem: 404, there is none or it has expired.
        """
        return self._alive(self._outputs.get((group, name)))

    def has(self, group: str, name: str) -> bool:
        """Tell whether there is such an output and it hasn't expired."""
        file = self._outputs.get((group, name))
        return file is not None and file.expires_at > self._clock.now()

    def upload(
        self, data: bytes, *, name: str, media_type: str, metadata: Mapping[str, Any]
    ) -> StoredFile:
        """Keep an uploaded file.

        Raises:
            Problem: 413, it is too large.
        """
        if len(data) > MAX_UPLOAD_BYTES:
            raise Problem(413, "The file is larger than 100 MiB.", "Content Too Large")
        stored = self._write(data, name, media_type, _UPLOAD_RETENTION, metadata)
        self._uploads[stored.id] = stored
        return stored

    def uploaded(self, file_id: str) -> StoredFile:
        """Return an uploaded file.

        Raises:
            Problem: 404, there is none or it has expired.
        """
        return self._alive(self._uploads.get(file_id))

    def uploads(self) -> list[StoredFile]:
        """Return the uploaded files, newest first."""
        now = self._clock.now()
        files = list(self._uploads.values())  # a copy, for uploads are kept by other threads
        return [file for file in reversed(files) if file.expires_at > now]

    def delete(self, file_id: str) -> None:
        """Remove an uploaded file.

        Raises:
            Problem: 404, there is none.
        """
        self.uploaded(file_id).path.unlink(missing_ok=True)
        del self._uploads[file_id]

    def signature(self, owner: str, file_id: str, expiry: str) -> str:
        """Return what makes a download URL of an uploaded file genuine."""
        signed = f"{owner} {file_id} {expiry}".encode()
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _alive(self, file: StoredFile | None) -> StoredFile:
        if file is None or file.expires_at <= self._clock.now():
            raise not_found("File not found")
        return file

    def _write(
        self,
        data: bytes,
        name: str,
        media_type: str,
        kept: timedelta,
        metadata: Mapping[str, Any] | None = None,
    ) -> StoredFile:
        path = self._folder / new_id()
        path.write_bytes(data)
        now = self._clock.now()
        return StoredFile(
            path=path,
            name=name,
            media_type=media_type,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            created_at=now,
            expires_at=now + kept,
            metadata=metadata or {},
        )


def file_json(file: StoredFile, origin: str) -> dict[str, Any]:
    """Return an uploaded file as the API describes it."""
    return {
        "id": file.id,
        "name": file.name,
        "etag": file.md5,
        "content_type": file.media_type,
        "size": file.size,
        "checksums": {"sha256": file.sha256, "md5": file.md5},
        "metadata": dict(file.metadata),
        "created_at": timestamp(file.created_at),
        "expires_at": timestamp(file.expires_at),
        "urls": {"get": f"{origin}/v1/files/{file.id}"},
    }
