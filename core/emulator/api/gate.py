"""Who may come in: a bearer token, any that isn't empty, and not too often."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.emulator.api.limits import RateLimits
from core.emulator.problems import Problem, unauthenticated


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
            token = _token(Headers(scope=scope).get("authorization", ""))
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
    is_download = path.startswith("/v1/files/") and path.endswith("/download")
    return path.startswith("/v1/") and not is_download


def _token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in ("bearer", "token") or not token.strip():
        raise unauthenticated()
    return token.strip()
