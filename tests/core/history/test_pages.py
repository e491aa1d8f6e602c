"""Rows are read from a SQLite file's pages alone, as SQLite itself would read them."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.history import pages

VALUES = [
    (None, 0, 1, -1, "text", b"bytes"),
    (127, -128, 300, -40_000, "Grüße", b""),
    (8_000_000, 2**31, 2**40, -(2**62), "", b"\0" * 10),
    (1.5, -2.25e300, 0.0, None, "long " * 5000, b"\xff" * 100_000),
    (1, 2, 3, 4, "x" * 4056, b"just more than a page"),
]


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database that is written to, by a write-ahead log."""
    with closing(sqlite3.connect(tmp_path / "running.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute("CREATE TABLE six (a, b, c, d, e, f)")
        connection.execute("CREATE TABLE two (a, b)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        yield connection


def put(connection: sqlite3.Connection, *values: tuple[Any, ...]) -> None:
    connection.executemany("INSERT INTO six VALUES (?, ?, ?, ?, ?, ?)", values)


def read(tmp_path: Path, *endings: str) -> list[tuple[Any, ...]]:
    """Return the rows of a copy of the files with these endings."""
    for ending in endings:
        shutil.copy(tmp_path / f"running.db{ending}", tmp_path / f"copy.db{ending}")
    return [tuple(values) for _, values in pages.rows(tmp_path / "copy.db", {6: "six"})]


def test_values_of_every_kind_and_length_are_read(
    writing: sqlite3.Connection, tmp_path: Path
) -> None:
    put(writing, *VALUES)
    writing.execute("INSERT INTO two VALUES (1, 2)")
    writing.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    assert sorted(read(tmp_path, ""), key=repr) == sorted(VALUES, key=repr)


def test_what_was_committed_to_the_log_counts_and_what_was_not_does_not(
    writing: sqlite3.Connection, tmp_path: Path
) -> None:
    put(writing, VALUES[0])
    writing.execute("PRAGMA cache_size = 1").close()  # so that the log gets it before its commit
    writing.execute("BEGIN")
    put(writing, *VALUES[1:] * 20)

    assert (tmp_path / "running.db-wal").stat().st_size > 100_000
    assert read(tmp_path, "") == []
    assert read(tmp_path, "", "-wal") == [VALUES[0]]


def test_a_page_that_was_overwritten_costs_its_own_rows_only(
    writing: sqlite3.Connection, tmp_path: Path
) -> None:
    rows = [(n, 0, 0, 0, "x" * 500, b"") for n in range(100)]
    put(writing, *rows)
    writing.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    file = tmp_path / "running.db"
    content = bytearray(file.read_bytes())
    content[8 * 4096 + 8 : 9 * 4096] = b"\xaa" * 4088  # still said to be a leaf
    file.write_bytes(content)

    found = read(tmp_path, "")

    assert 85 < len(found) < 100
    assert set(found) < set(rows)
