"""What a file is: by its first bytes, by its declared type, by its name."""

import mimetypes
import re
from pathlib import PurePath

HEAD_BYTES = 512
"""How much of a file's beginning `sniff` wants to see."""

UNKNOWN = "application/octet-stream"

_EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/heic": ".heic",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
    "image/svg+xml": ".svg",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/aac": ".aac",
    "model/gltf-binary": ".glb",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/xml": ".xml",
}
_MEDIA_TYPES = {
    **{extension: media_type for media_type, extension in reversed(_EXTENSIONS.items())},
    ".jpeg": "image/jpeg",
}

_PREFIXES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"glTF", "model/gltf-binary"),
    (b"%PDF-", "application/pdf"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
)
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"mif1": "image/heic",
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_MARKUP = (
    (re.compile(rb"<(!doctype\s+html|html|head|body|script|title)\b", re.I), "text/html"),
    (re.compile(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+svg[^>]*>\s*)?<svg\b", re.I | re.S), "image/svg+xml"),
    (re.compile(rb"<\?xml\b"), "text/xml"),
    (re.compile(rb'\{\s*"|\[\s*[\[{"]'), "application/json"),
)  # fmt: skip


def sniff(head: bytes) -> str | None:
    """Return the media type that a file's first bytes show, or None if they show none."""
    for prefix, media_type in _PREFIXES:
        if head.startswith(prefix):
            return media_type
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, media_type in _MARKUP:
        if pattern.match(text):
            return media_type
    return None


def is_media(media_type: str | None) -> bool:
    """Tell whether a type stands for a picture, a clip or a sound."""
    return media_type is not None and media_type.startswith(("image/", "video/", "audio/"))


def is_markup(media_type: str | None) -> bool:
    """Tell whether a type is what servers answer errors with: a page or a document."""
    return media_type in {"text/html", "text/xml", "application/json"}


def media_type_of_name(name: str) -> str | None:
    """Return the media type that a name's extension stands for, or None."""
    suffix = PurePath(name).suffix.lower()
    return _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(f"_{suffix}")[0]


def extension_of(media_type: str) -> str:
    """Return the usual extension of a media type, `.bin` for one that has none."""
    return _EXTENSIONS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"
