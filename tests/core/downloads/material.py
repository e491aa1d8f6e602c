"""What the tests of downloads share: files to serve, and ways to look at what became of them."""

import base64
import hashlib
import random
from pathlib import Path

from core.downloads.downloader import Downloaded

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(1_000_000)
WEBP = b"RIFF\x10\0\0\0WEBPVP8 " + random.Random(2).randbytes(5_000)
PAGE = b"<!DOCTYPE html><html><body>" + b"Not here. " * 1000
CUT = len(PNG) * 4 // 10


class Waits(list[float]):
    """A sleep that takes no time and remembers how long it should have."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


def is_whole(downloaded: Downloaded, data: bytes) -> bool:
    """Tell whether a file and what is said about it are exactly the data."""
    return (
        downloaded.path.read_bytes() == data
        and downloaded.bytes == len(data)
        and downloaded.sha256 == hashlib.sha256(data).hexdigest()
    )


def files(folder: Path) -> list[str]:
    """The files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


class Progress(list[tuple[int, int | None]]):
    """Remembers what it is told."""

    def tell(self, done: int, total: int | None) -> None:
        self.append((done, total))


def data_url(data: bytes, described: str = "image/png;base64") -> str:
    return f"data:{described},{base64.b64encode(data).decode()}"
