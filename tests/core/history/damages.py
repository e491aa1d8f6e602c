"""Ways to damage a SQLite file, as crashes, disks and other programs do."""

import os
from collections.abc import Callable
from pathlib import Path

PAGE_BYTES = 4096

Damage = Callable[[Path], None]


def overwrite(file: Path, page: int, size: int = PAGE_BYTES) -> None:
    """Put noise where a page, counted from 1, begins."""
    with file.open("r+b") as opened:
        opened.seek((page - 1) * PAGE_BYTES)
        opened.write(os.urandom(size))


def header(file: Path) -> None:
    overwrite(file, 1, 100)


def first_page(file: Path) -> None:
    overwrite(file, 1)


def middle_page(file: Path) -> None:
    overwrite(file, leaves(file)[len(leaves(file)) // 2])


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size * 3 // 4)


def leaves(file: Path) -> list[int]:
    """Return the pages on which there are jobs with the prompts of the tests."""
    content = file.read_bytes()
    pages = range(len(content) // PAGE_BYTES)
    return [
        page + 1
        for page in pages
        if content[page * PAGE_BYTES] == 0x0D
        and b"black-forest-labs/flux-schnella fox{" in content[page * PAGE_BYTES :][:PAGE_BYTES]
    ]
