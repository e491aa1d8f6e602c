"""Visitors of a Gradio page without a browser: they send a page's events as its script does."""

import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

Message = Mapping[str, Any]
"""What Gradio's queue tells of an event: `msg` says which kind of message it is."""

_READY = "load"


@dataclass
class Visitor:
    """One open page of an app.

    Attributes:
        config: what the app told of its components and events.
    """

    client: httpx2.AsyncClient
    config: Mapping[str, Any]
    session: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def arrive(self) -> None:
        """Send the events that a browser sends when the page opens."""
        for event in self.config["dependencies"]:
            if any(name == _READY for _, name in event["targets"]):
                await self.send(event["id"], self._values(event["inputs"]))

    def event(self, name: str) -> int:
        """Return an event by its handler's name."""
        return next(one["id"] for one in self.config["dependencies"] if one["api_name"] == name)

    def values(self, event: int) -> list[Any]:
        """Return what an event's inputs hold as long as nobody has touched them."""
        return self._values(self.config["dependencies"][event]["inputs"])

    async def send(self, event: int, data: Sequence[Any]) -> Any:
        """Send an event, and return its outputs when it is over."""
        async for message in self.follow(event, data):
            if message["msg"] == "process_completed":
                return message["output"]["data"]
        raise AssertionError("an event ended without its end")

    async def follow(self, event: int, data: Sequence[Any]) -> AsyncIterator[Message]:
        """Send an event, and yield what is told of it until its end.

        Raises:
            AssertionError: it failed.
        """
        body = {"fn_index": event, "data": data, "session_hash": self.session, "event_data": None}
        joined = await self.client.post("/gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        asked = {"session_hash": self.session}
        async with self.client.stream("GET", "/gradio_api/queue/data", params=asked) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    message = json.loads(line[5:])
                    assert message.get("success", True), message
                    yield message

    def _values(self, ids: Sequence[int]) -> list[Any]:
        values = {one["id"]: one["props"].get("value") for one in self.config["components"]}
        states = {one["id"] for one in self.config["components"] if one["type"] == "state"}
        return [None if one in states else values.get(one) for one in ids]


@asynccontextmanager
async def visitors(url: str, count: int = 1) -> AsyncIterator[list[Visitor]]:
    """Open a page that many times, each as a visitor of its own."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(
        base_url=url, timeout=600, limits=limits, trust_env=False
    ) as client:
        config = (await client.get("/config")).raise_for_status().json()
        yield [Visitor(client, config) for _ in range(count)]
