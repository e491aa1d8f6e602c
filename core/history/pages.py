"""The rows of a SQLite file, read from its pages alone: no header, schema, index or tree is needed.

The rules are those of SQLite's documentation (sqlite.org/fileformat2.html). A page that was given
up may still hold rows that were deleted, or as they were before.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

PAGE_BYTES = 4096
"""SQLite's default, which the history keeps to."""

_LEAF_OF_A_TABLE = 0x0D
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_LOG_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_MOST_LOCAL_BYTES = PAGE_BYTES - 35
_LEAST_LOCAL_BYTES = (PAGE_BYTES - 12) * 32 // 255 - 23


class _Unreadable(Exception):
    """Bytes that aren't what they would have to be."""


def rows(file: Path, widths: Mapping[int, str]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each row that can be read, in the order of the pages.

    Args:
        file: its write-ahead log, `-wal`, is read with it.
        widths: how many columns a row has → its table; rows of other widths are left out.

    Yields:
        A table and a row's values.
    """
    log = Path(f"{file}-wal")
    with file.open("rb") as main, (log if log.exists() else file).open("rb") as logged:
        pages = _Pages(main, logged if log.exists() else None)
        for number in range(2, pages.count + 1):  # the first one holds the schema
            page = pages.read(number)
            for start in _cells(page):
                try:
                    values = _record(*_payload(pages, page, start), widths)
                except (_Unreadable, IndexError, struct.error, UnicodeDecodeError):
                    continue
                yield widths[len(values)], values


class _Pages:
    """The pages of a file as its log leaves them, numbered from 1."""

    def __init__(self, main: BinaryIO, log: BinaryIO | None) -> None:
        self._main = main
        self._log = log
        self._places = {} if log is None else _committed(log)
        size = main.seek(0, 2)
        self.count = max([-(-size // PAGE_BYTES), *self._places])

    def read(self, number: int) -> bytes:
        """Return a page; one that was cut off is empty."""
        if number in self._places and self._log is not None:
            self._log.seek(self._places[number])
            return self._log.read(PAGE_BYTES)
        self._main.seek((number - 1) * PAGE_BYTES)
        page = self._main.read(PAGE_BYTES)
        return page if len(page) == PAGE_BYTES else bytes(PAGE_BYTES)


def _committed(log: BinaryIO) -> dict[int, int]:
    """Return where in a log the latest committed version of each of its pages begins."""
    header = log.read(_LOG_HEADER_BYTES)
    if len(header) < _LOG_HEADER_BYTES or int.from_bytes(header[8:12], "big") != PAGE_BYTES:
        return {}
    committed: dict[int, int] = {}
    pending: dict[int, int] = {}
    while len(frame := log.read(_FRAME_HEADER_BYTES)) == _FRAME_HEADER_BYTES:
        number, size_after_commit = struct.unpack(">II", frame[:8])
        if frame[8:16] != header[16:24]:  # of an earlier round
            break
        pending[number] = log.tell()
        if len(log.read(PAGE_BYTES)) < PAGE_BYTES:
            break
        if size_after_commit:
            committed |= pending
            pending = {}
    return committed


def _cells(page: bytes) -> list[int]:
    """Return where in a page its rows begin; none, if it isn't a table's leaf."""
    count = int.from_bytes(page[3:5], "big")
    if page[0] != _LEAF_OF_A_TABLE or 8 + 2 * count > PAGE_BYTES:
        return []
    return list(struct.unpack_from(f">{count}H", page, 8))


def _payload(pages: _Pages, page: bytes, place: int) -> tuple[bytes, int]:
    """Return a row's bytes as far as they lie here and elsewhere, and how many there should be."""
    size, place = _varint(page, place)
    _, place = _varint(page, place)
    if size <= _MOST_LOCAL_BYTES:
        return page[place : place + size], size
    local = _LEAST_LOCAL_BYTES + (size - _LEAST_LOCAL_BYTES) % (PAGE_BYTES - 4)
    if local > _MOST_LOCAL_BYTES:
        local = _LEAST_LOCAL_BYTES
    if size > pages.count * PAGE_BYTES:
        raise _Unreadable
    payload = bytearray(page[place : place + local])
    following = int.from_bytes(page[place + local : place + local + 4], "big")
    while len(payload) < size:
        if not 1 < following <= pages.count:
            raise _Unreadable
        more = pages.read(following)
        following = int.from_bytes(more[:4], "big")
        payload += more[4 : 4 + size - len(payload)]
    return bytes(payload), size


def _record(payload: bytes, size: int, widths: Mapping[int, str]) -> list[Any]:
    """Return the values in a row's bytes."""
    header_size, place = _varint(payload, 0)
    kinds = []
    while place < header_size:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    if len(kinds) not in widths or place != header_size or len(payload) != size:
        raise _Unreadable
    values = []
    for kind in kinds:
        value, place = _value(payload, place, kind)
        values.append(value)
    if place != size:
        raise _Unreadable
    return values


def _value(payload: bytes, place: int, kind: int) -> tuple[Any, int]:
    """Return a value and where the next one begins."""
    if kind in (0, 8, 9):
        return (None, 0, 1)[kind and kind - 7], place
    if kind == 7:
        return struct.unpack_from(">d", payload, place)[0], place + 8
    if kind in _INTEGER_BYTES:
        end = place + _INTEGER_BYTES[kind]
        return int.from_bytes(payload[place:end], "big", signed=True), end
    if kind < 12:
        raise _Unreadable
    end = place + (kind - 12) // 2
    if end > len(payload):
        raise _Unreadable
    data = payload[place:end]
    return (data.decode() if kind % 2 else data), end


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of variable length and where it ends."""
    value = 0
    for n in range(9):
        byte = data[place + n]
        if n == 8:
            return value << 8 | byte, place + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + n + 1
    raise AssertionError("unreachable")
