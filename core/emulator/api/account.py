"""The API's operations on the account, hardware, the webhooks' secret, and files."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from core.emulator.api.pages import page
from core.emulator.api.reading import origin_of
from core.emulator.problems import InvalidField, Problem, invalid_input, not_found
from core.emulator.registry import ACCOUNT, HARDWARE
from core.emulator.storage import MAX_UPLOAD_BYTES, StoredFile, file_json
from core.emulator.world import World

_LONGEST_FILE_NAME_BYTES = 255
_DOWNLOAD_VALID = timedelta(hours=1)


class AccountRoutes:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._storage = world.storage

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            Route("/v1/account", self.account, methods=["GET"]),
            Route("/v1/hardware", self.hardware, methods=["GET"]),
            Route("/v1/webhooks/default/secret", self.webhook_secret, methods=["GET"]),
            Route("/v1/files", self.list_files, methods=["GET"]),
            Route("/v1/files", self.create_file, methods=["POST"]),
            Route("/v1/files/{id}", self.get_file, methods=["GET"]),
            Route("/v1/files/{id}", self.delete_file, methods=["DELETE"]),
            Route("/v1/files/{id}/download", self.download_file, methods=["GET"]),
        ]

    async def account(self, request: Request) -> Response:
        """`account.get`."""
        return JSONResponse(ACCOUNT)

    async def hardware(self, request: Request) -> Response:
        """`hardware.list`: a bare array."""
        return JSONResponse(HARDWARE)

    async def webhook_secret(self, request: Request) -> Response:
        """`webhooks.default.secret.get`."""
        return JSONResponse({"key": self._world.webhooks.secret})

    async def list_files(self, request: Request) -> Response:
        """`files.list`."""
        return JSONResponse(
            page(
                request,
                self._storage.uploads(),
                key=lambda file: file.id,
                render=lambda file: self._described(request, file),
                origin=origin_of(request),
            )
        )

    async def create_file(self, request: Request) -> Response:
        """`files.create`: multipart, with `content` and perhaps `metadata`."""
        if int(request.headers.get("content-length") or 0) > MAX_UPLOAD_BYTES + 64 * 1024:
            raise Problem(413, "The file is larger than 100 MiB.", "Content Too Large")
        async with request.form(max_files=2) as form:
            content = form.get("content")
            if not isinstance(content, UploadFile):
                raise invalid_input([InvalidField("required", "content", "content is required")])
            name = str(form.get("filename") or content.filename or "")
            if len(name.encode()) > _LONGEST_FILE_NAME_BYTES:
                description = f"filename has at most {_LONGEST_FILE_NAME_BYTES} bytes"
                raise invalid_input([InvalidField("string_lte", "filename", description)])
            stored = await asyncio.to_thread(
                self._storage.upload,
                await content.read(),
                name=name,
                media_type=str(
                    form.get("type") or content.content_type or "application/octet-stream"
                ),
                metadata=await _metadata(form.get("metadata")),
            )
        return JSONResponse(self._described(request, stored), status_code=201)

    async def get_file(self, request: Request) -> Response:
        """`files.get`."""
        return JSONResponse(
            self._described(request, self._storage.uploaded(request.path_params["id"]))
        )

    async def delete_file(self, request: Request) -> Response:
        """`files.delete`."""
        self._storage.delete(request.path_params["id"])
        return Response(status_code=204)

    async def download_file(self, request: Request) -> Response:
        """`files.download`: its signature stands in for a token."""
        params = request.query_params
        file = self._storage.uploaded(request.path_params["id"])
        expiry = params.get("expiry", "")
        genuine = self._storage.signature(params.get("owner", ""), file.id, expiry)
        if params.get("signature") != genuine or not expiry.isdigit():
            raise not_found("File not found")
        if int(expiry) < self._world.clock.now().timestamp():
            raise not_found("File not found")
        return FileResponse(file.path, media_type=file.media_type, filename=file.name or None)

    def _described(self, request: Request, file: StoredFile) -> dict[str, Any]:
        origin = origin_of(request)
        owner = ACCOUNT["username"]
        expiry = str(int((self._world.clock.now() + _DOWNLOAD_VALID).timestamp()))
        signature = self._storage.signature(owner, file.id, expiry)
        query = f"owner={quote(owner)}&expiry={expiry}&signature={quote(signature)}"
        described = file_json(file, origin)
        described["urls"]["download"] = f"{origin}/v1/files/{file.id}/download?{query}"
        return described


async def _metadata(given: UploadFile | str | None) -> dict[str, Any]:
    # The JavaScript client sends the metadata as a part with a file name: a file.
    text = await given.read() if isinstance(given, UploadFile) else given
    try:
        metadata = json.loads(text or "{}")
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict):
        raise invalid_input(
            [InvalidField("invalid_type", "metadata", "Invalid type. Expected: object")]
        )
    return metadata
