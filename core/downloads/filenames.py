"""File names that are safe on every system, from URLs that anyone may have made."""

import re
import unicodedata
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from core.downloads.filetypes import extension_of, has_own_extension, media_type_of_name

MAX_NAME_BYTES = 200
"""File systems take 255; what is left is for a number or a suffix that is added later."""

_FALLBACK = "output"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_EXTENSION = re.compile(r"\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}\Z")
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|\Z)", re.I)
# Control characters, marks that turn the direction of the text around, lone surrogates, and the
# separators of lines and paragraphs.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def safe_name(url: str, media_type: str | None = None) -> str:
    """Return a file name for an output: the URL's last part made harmless.

    It has no separators, control characters or leading dots, isn't a Windows device, and is at
    most `MAX_NAME_BYTES` long in UTF-8.

    Args:
        media_type: what the file is, for an extension that fits; without it the URL's own is
            kept, if it has one.
    """
    stem, extension = split_name(_harmless(_last_part(url)))
    if media_type is not None:
        extension = extension_for(url, media_type)
    longest = MAX_NAME_BYTES - len(extension) - 1  # one is left for the underscore
    stem = _shortened(stem, longest).rstrip(". ") or _FALLBACK
    name = stem + extension
    return f"_{name}" if _DEVICES.match(name) else name


def with_extension(path: Path, extension: str) -> Path:
    """Return the path, with an extension added if it has none of its own."""
    return path if split_name(path.name)[1] else path.with_name(path.name + extension)


def extension_for(url: str, media_type: str) -> str:
    """Return the extension for what a URL led to: the URL's own, unless the file is other media.

    So a picture is never called `.exe`, and a mesh whose type no server knows stays `.ply`.
    """
    extension = split_name(_harmless(_last_part(url)))[1].lower()
    fits = not has_own_extension(media_type) or media_type_of_name(extension) == media_type
    return extension if extension and fits else extension_of(media_type)


def split_name(name: str) -> tuple[str, str]:
    """Split a name before its extension: `flux-1.1` has none, `fox.final.png` has `.png`."""
    found = _EXTENSION.search(name)
    return (name[: found.start()], found[0]) if found else (name, "")


def _last_part(url: str) -> str:
    if url[:5].lower() == "data:":
        return ""
    try:
        return unquote(PurePosixPath(urlsplit(url).path).name)
    except ValueError:  # brackets that hold no address
        return ""


def _harmless(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    name = "".join(char for char in name if unicodedata.category(char) not in _UNPRINTABLE)
    return _FORBIDDEN.sub("_", name).strip(". ")


def _shortened(text: str, max_bytes: int) -> str:
    return text.encode()[:max_bytes].decode("utf-8", errors="ignore")
