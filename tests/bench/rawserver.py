"""Replicate's API as preformatted bytes, faster than any client: `python -m tests.bench.rawserver`.

It keeps nothing: a prediction's id says what it is. `bench/picture` is answered after `seconds`
with the URL of a file of `size` bytes, `bench/words` with a stream of `count` words of `length`
characters, and `/files/<size>` is a file of that many bytes.
"""

import argparse
import asyncio
import functools
import itertools
import json
import os
import re
import signal
from contextlib import suppress
from random import Random
from typing import BinaryIO

BLOCK = Random(2).randbytes(2**20)
"""What files consist of, over and over."""

_ETAG = '"bench"'
_CREATED_AT = "2026-01-01T00:00:00.000Z"
_CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(rb"\r\nrange: bytes=(\d+)-", re.I)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.I)
_numbers = itertools.count()


def words(count: int, length: int) -> list[str]:
    """Return the words of a stream: each of `length` characters, a blank at its end."""
    return [f"{number:0{length - 1}d} " for number in range(count)]


class _Connection(asyncio.Protocol):
    """Answers one request after another."""

    def __init__(self, files: "_Files") -> None:
        self._files = files
        self._received = bytearray()
        self._sending: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        address = transport.get_extra_info("sockname")
        self._origin = f"http://{address[0]}:{address[1]}"

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = bytes(self._received[:head_end])
        found = _LENGTH.search(head)
        end = head_end + 4 + (int(found[1]) if found else 0)
        if len(self._received) < end:
            return
        body = bytes(self._received[head_end + 4 : end])
        del self._received[:end]
        method, path, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        self._answer(method, path, head, body)

    def _answer(self, method: str, path: str, head: bytes, body: bytes) -> None:
        match method, path.strip("/").split("/"):
            case "POST", ["v1", "models", "bench", name, "predictions"]:
                self._create(name, json.loads(body)["input"])
            case "GET", ["v1", "predictions", prediction_id]:
                self._send(200, _ended(prediction_id, self._origin))
            case "GET", ["v1", "streams", prediction_id]:
                _, count, length, _ = prediction_id.split("-")
                self._transport.write(_stream(int(count), int(length)))
            case "GET", ["files", size]:
                begin = int(found[1]) if (found := _RANGE.search(head)) else None
                task = asyncio.create_task(self._send_file(int(size), begin))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            case _:
                self._send(404, b'{"detail": "Not found.", "status": 404}')

    def _create(self, name: str, given: dict[str, float]) -> None:
        number = next(_numbers)
        if name == "words":
            prediction_id = f"words-{given['count']}-{given['length']}-{number}"
            self._send(201, _prediction(prediction_id, self._origin, "processing", b"null"))
        else:
            answer = _ended(f"picture-{given.get('size', 200_000)}-{number}", self._origin)
            loop = asyncio.get_running_loop()
            loop.call_later(given.get("seconds", 0), self._send, 201, answer)

    async def _send_file(self, size: int, begin: int | None) -> None:
        first = begin or 0
        headers = [
            "HTTP/1.1 200 -" if begin is None else "HTTP/1.1 206 -",
            "Content-Type: application/octet-stream",
            f"Content-Length: {size - first}",
            f"ETag: {_ETAG}",
            "Accept-Ranges: bytes",
        ]
        if begin is not None:
            headers.append(f"Content-Range: bytes {first}-{size - 1}/{size}")
        self._transport.write("\r\n".join([*headers, "\r\n"]).encode())
        file = self._files.of(size)
        with suppress(ConnectionError):  # the client has left
            await asyncio.get_running_loop().sendfile(self._transport, file, first, size - first)

    def _send(self, status: int, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (status, len(body), body)
        )


class _Files:
    """One file in memory, as long as the longest that was asked for."""

    def __init__(self) -> None:
        self._file = open(os.memfd_create("bench"), "w+b")  # noqa: SIM115 (until the end)

    def of(self, size: int) -> BinaryIO:
        """Return the file, of that many bytes at least."""
        while self._file.seek(0, os.SEEK_END) < size:
            self._file.write(BLOCK)
        self._file.flush()
        return self._file


def _ended(prediction_id: str, origin: str) -> bytes:
    kind, size, *rest = prediction_id.split("-")
    if kind == "words":
        output = _words_json(int(size), int(rest[0]))
    else:
        output = json.dumps([f"{origin}/files/{size}"]).encode()
    return _prediction(prediction_id, origin, "succeeded", output)


def _prediction(prediction_id: str, origin: str, status: str, output: bytes) -> bytes:
    get = f"{origin}/v1/predictions/{prediction_id}"
    rest = {
        "id": prediction_id,
        "model": "bench/model",
        "version": "hidden",
        "input": {},
        "logs": "",
        "error": None,
        "status": status,
        "created_at": _CREATED_AT,
        "started_at": _CREATED_AT,
        "completed_at": _CREATED_AT if status == "succeeded" else None,
        "metrics": {},
        "urls": {
            "get": get,
            "cancel": f"{get}/cancel",
            "stream": f"{origin}/v1/streams/{prediction_id}",
        },
    }
    return b'{"output": %s, %s' % (output, json.dumps(rest)[1:].encode())


@functools.cache
def _words_json(count: int, length: int) -> bytes:
    return json.dumps(words(count, length)).encode()


@functools.cache
def _stream(count: int, length: int) -> bytes:
    """Return a whole answer: events as Replicate writes them, in chunks."""
    events = [
        f"event: output\nid: 1767225600:{number}\ndata: {word}\n\n"
        for number, word in enumerate(words(count, length))
    ]
    events.append(f"event: done\nid: 1767225600:{count}\ndata: {{}}\n\n")
    body = "".join(events).encode()
    chunks = [
        b"%x\r\n%s\r\n" % (len(part), part)
        for begin in range(0, len(body), _CHUNK_BYTES)
        if (part := body[begin : begin + _CHUNK_BYTES])
    ]
    head = (
        b"HTTP/1.1 200 -\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    return b"".join([head, *chunks, b"0\r\n\r\n"])


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    files = _Files()
    server = await loop.create_server(lambda: _Connection(files), "127.0.0.1", 0, backlog=2048)
    address = server.sockets[0].getsockname()
    print(f"http://{address[0]}:{address[1]}", flush=True)
    stopping = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    async with server:
        await stopping.wait()


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m tests.bench.rawserver", description=__doc__
    ).parse_args()
    asyncio.run(_serve())
