"""Real connections to the API, which are worse or less patient than the usual ones."""

from collections.abc import AsyncIterator

import httpx2

from tests.app_process import free_port


class Unplugged(httpx2.AsyncHTTPTransport):
    """Sends the first creates to a port where nobody listens.

    Args:
        times: how many.
    """

    def __init__(self, *, times: int) -> None:
        super().__init__()
        self._left = times

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST" and self._left:
            self._left -= 1
            request.url = request.url.copy_with(port=free_port())
        return await super().handle_async_request(request)


class Impatient(httpx2.AsyncHTTPTransport):
    """Waits for an answer a hundredth of the time that it is asked to.

    Attributes:
        asked_seconds: how long each create was to be waited for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked_seconds: list[float | None] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        timeout = request.extensions["timeout"]
        if request.method == "POST":
            self.asked_seconds.append(timeout["read"])
            timeout = {**timeout, "read": timeout["read"] and timeout["read"] / 100}
            request.extensions = {**request.extensions, "timeout": timeout}
        return await super().handle_async_request(request)


class Dribbling(httpx2.AsyncHTTPTransport):
    """Hands each answer's body on a byte at a time."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bytes(response.stream)
        return response


class _Bytes(httpx2.AsyncByteStream):
    def __init__(self, whole: httpx2.AsyncByteStream) -> None:
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._whole:
            for n in range(len(chunk)):
                yield chunk[n : n + 1]

    async def aclose(self) -> None:
        await self._whole.aclose()
