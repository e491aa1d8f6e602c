"""What a file is: by its first bytes, by its declared type, by its name."""

import mimetypes
import re

HEAD_BYTES = 2048
"""How much of a file's beginning `sniff` wants to see: enough to get past an SVG's comments."""

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
    "video/x-msvideo": ".avi",
    "video/x-matroska": ".mkv",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
    "audio/aac": ".aac",
    "audio/aiff": ".aiff",
    "model/gltf-binary": ".glb",
    "application/gzip": ".gz",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "text/html": ".html",
    "text/plain": ".txt",
    "text/xml": ".xml",
}
_MEDIA_TYPES = {
    **{extension: media_type for media_type, extension in _EXTENSIONS.items()},
    ".jpeg": "image/jpeg",
    ".tif": "image/tiff",
    ".htm": "text/html",
}
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-flac": "audio/flac",
    "audio/x-aiff": "audio/aiff",
    "application/xml": "text/xml",
}
# What servers declare when they don't know better; a name's extension says more.
_VAGUE = {UNKNOWN, "binary/octet-stream", "application/binary", "text/plain"}

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
    (b"\xff\xfa", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"glTF", "model/gltf-binary"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
)
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
# Containers whose first bytes don't tell what is in them: the claim that fits is believed.
_CONTAINED = {
    "video/mp4": {"audio/mp4", "video/quicktime", "video/x-m4v", "video/3gpp"},
    "video/webm": {"audio/webm", "video/x-matroska", "audio/x-matroska"},
    "audio/ogg": {"audio/opus", "video/ogg"},
    "image/heic": {"image/heif", "image/avif"},
    "image/tiff": {"image/x-adobe-dng"},
}
# Tempered, not lazy: nested repeats of `.*?` take exponential time on a run of comments.
_COMMENTS = rb"(?:<!--(?:(?!-->).)*-->\s*)*"
_PROLOG = rb"(?:<\?xml[^>]*>\s*)?" + _COMMENTS
_PAGE = rb"<(!doctype\s+)?(html|head|body|script|title)\b"
_MARKUP = (
    (re.compile(_PROLOG + _PAGE, re.I | re.S), "text/html"),
    (re.compile(_PROLOG + rb"<(!doctype\s+)?svg\b", re.I | re.S), "image/svg+xml"),
    (re.compile(rb"<\?xml\b|" + _COMMENTS + rb"<[A-Za-z][\w:.-]*[\s/>]", re.S), "text/xml"),
    (re.compile(rb'\{\s*["}]|\[\s*[\[{"\]]'), "application/json"),
)  # fmt: skip
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# Types whose first bytes are known. Others may look like text, as playlists do.
_RECOGNISED = {
    *(media_type for _, media_type in _PREFIXES),
    *_BRANDS.values(),
    *_RIFF.values(),
    "video/mp4",
    "image/bmp",
    "image/svg+xml",
}


def sniff(head: bytes) -> str | None:
    """Return the media type that a file's first bytes show, or None if they show none."""
    for prefix, media_type in _PREFIXES:
        if head.startswith(prefix):
            return media_type
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head.startswith(b"FORM") and head[8:12] in {b"AIFF", b"AIFC"}:
        return "audio/aiff"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((media_type for pattern, media_type in _MARKUP if pattern.match(text)), None)


def media_type_of(head: bytes, *, declared: str | None, name: str) -> str:
    """Return a file's media type: what its bytes show, else what is claimed of it.

    Args:
        head: its first `HEAD_BYTES`.
        declared: the type that the server gave, by `essence`.
        name: the name that it came under.
    """
    shown = sniff(head)
    named = media_type_of_name(name)
    claims = [claim for claim in (declared, named) if claim and claim not in _VAGUE]
    if shown is not None and is_media(shown):
        fitting = _CONTAINED.get(shown, set())
        return next((claim for claim in claims if claim in fitting), shown)
    return next(iter(claims), shown or declared or UNKNOWN)


def keeps_promise(promised: str | None, head: bytes) -> bool:
    """Tell whether bytes may stand where a picture, a clip or a sound was promised.

    Another kind of media is fine: WebP often comes under the name of PNG. A page or a document in
    its place is how servers report errors, and never what was paid for.
    """
    if promised is None or not is_media(promised):
        return True
    shown = sniff(head)
    if shown is None:
        return promised not in _RECOGNISED or not _is_text(head)
    if shown == "image/svg+xml":
        return promised == shown  # text that runs scripts must not pass for a plain picture
    return is_media(shown)


def is_media(media_type: str) -> bool:
    """Tell whether a type stands for a picture, a clip or a sound."""
    return media_type.startswith(("image/", "video/", "audio/"))


def essence(content_type: str) -> str | None:
    """Return a Content-Type's media type under its usual name, or None if it holds none."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type, re.ASCII):
        return None
    return _ALIASES.get(media_type, media_type)


def media_type_of_name(name: str) -> str | None:
    """Return the media type that a name's extension, or an extension alone, stands for, or None."""
    if "." not in name:
        return None
    suffix = "." + name.rpartition(".")[2].lower()
    guessed = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(f"_{suffix}")[0]
    return _ALIASES.get(guessed, guessed) if guessed else None


def extension_of(media_type: str) -> str:
    """Return the usual extension of a media type, `.bin` for one that has none."""
    return _EXTENSIONS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"


def has_own_extension(media_type: str) -> bool:
    """Tell whether a type is a common kind of media, which no other extension should name."""
    return is_media(media_type) and media_type in _EXTENSIONS


def _is_text(data: bytes) -> bool:
    if _CONTROLS.search(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError as error:
        # The head may end inside a character.
        return error.reason == "unexpected end of data"
    return True
