"""Who may come in: a bearer token, any that isn't empty, and not too often."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.emulator.api.limits import RateLimits
from core.emulator.problems import Problem, unauthenticated

_OPEN = re.compile(r"/v1/streams/[^/]+|/v1/files/[^/]+/(?:download|stream)")


class Gate:
    """Lets requests to the API through that have a token and are within its rate limits."""

    def __init__(self, app: ASGIApp, *, limits: RateLimits | None) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _is_guarded(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            token = _token(Headers(scope=scope).get("authorization", ""), scope)
            told = {} if self._limits is None else self._count(self._limits, token, scope)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in told.items()]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self._app(scope, receive, send_with_limits)

    @staticmethod
    def _count(limits: RateLimits, token: str, scope: Scope) -> dict[str, str]:
        is_create = scope["method"] == "POST" and scope["path"].endswith("/predictions")
        return limits.count(token, is_create=is_create)


def _is_guarded(path: str) -> bool:
    """Tell whether a path needs a token: not those that can't be guessed.

    A download is signed. Replicate's JavaScript client opens streams without a token.
    """
    return path.startswith("/v1/") and not _OPEN.fullmatch(path)


def _token(authorization: str, scope: Scope) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() in ("bearer", "token") and token.strip():
        return token.strip()
    if scope["path"] == "/v1/search":  # needs none, Replicate's OpenAPI document says
        return ""
    raise unauthenticated()
