"""File names that are safe on every system, from URLs that anyone may have made."""

import re
import unicodedata
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from core.filetypes import extension_of

MAX_NAME_BYTES = 200
"""File systems take 255; what is left is for a number or a suffix that is added later."""

_FALLBACK = "output"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_EXTENSION = re.compile(r"\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,8}\Z")
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\.|\Z)", re.I)


def safe_name(url: str, media_type: str) -> str:
    """Return a file name for an output: the URL's last part made harmless, with an extension.

    It has no separators, control characters or leading dots, isn't a Windows device, and is at
    most `MAX_NAME_BYTES` long in UTF-8.
    """
    stem, extension = _split(_harmless(_last_part(url)))
    extension = extension or extension_of(media_type)
    stem = _shortened(stem, MAX_NAME_BYTES - len(extension)).rstrip(". ") or _FALLBACK
    name = stem + extension
    return f"_{name}" if _DEVICES.match(name) else name


def with_extension(path: Path, media_type: str) -> Path:
    """Return the path, with the media type's extension added if it has none of its own."""
    if _EXTENSION.search(path.name):
        return path
    return path.with_name(path.name + extension_of(media_type))


def _last_part(url: str) -> str:
    if url.startswith("data:"):
        return ""
    return unquote(PurePosixPath(urlsplit(url).path).name)


def _harmless(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    # Cc and Cf: control characters, and marks that turn the direction of the text around.
    name = "".join(char for char in name if unicodedata.category(char) not in {"Cc", "Cf", "Cs"})
    return _FORBIDDEN.sub("_", name).strip(". ")


def _split(name: str) -> tuple[str, str]:
    found = _EXTENSION.search(name)
    return (name[: found.start()], found[0]) if found else (name, "")


def _shortened(text: str, max_bytes: int) -> str:
    return text.encode()[:max_bytes].decode("utf-8", errors="ignore")
