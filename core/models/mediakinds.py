"""What kind of media a file is, as far as words tell: an input's name, an output's title, a URL."""

import re
from collections.abc import Mapping
from mimetypes import guess_type
from typing import Literal
from urllib.parse import urlsplit

MediaKind = Literal["image", "video", "audio", "any"]

_WORDS: Mapping[MediaKind, str] = {
    "video": "video videos clip clips movie footage film mp4",
    "audio": """
        audio audios sound sounds music voice voices song songs speech speaker vocals melody track
        tracks recording wav mp3
    """,
    "image": """
        image images img imgs picture pictures photo photos mask masks frame frames face faces
        portrait sketch scribble depth pose init garment selfie logo png jpg jpeg webp
    """,
    "any": "zip tar archive weights lora loras checkpoint csv json pdf epub",
}
_HINTS = {word: kind for kind, words in _WORDS.items() for word in words.split()}


def kind_in_words(name: str, *more: str) -> MediaKind:
    """Return the kind of media that words speak of.

    Args:
        name: of an input or an output, such as `start_image` or `drivingVideo`; its last words
            count most.
        more: what is said of it, each asked only where all before it say nothing, and by its first
            words.
    """
    for words in (reversed(_words(name)), *(_words(text)[:_MOST_WORDS] for text in more)):
        for word in words:
            if word in _HINTS:
                return _HINTS[word]
    return "any"


def kind_of_url(url: str) -> MediaKind:
    """Return the kind of media that a URL's ending, or a data URL's type, stands for."""
    kind = (media_type_of(url) or "").partition("/")[0]
    return kind if kind in ("image", "video", "audio") else "any"  # type: ignore[return-value]


def media_type_of(url: str) -> str | None:
    """Return the media type that a URL's ending, or a data URL itself, tells, if it does."""
    if url[:5].lower() == "data:":
        return re.split("[;,]", url[5:200], maxsplit=1)[0].lower() or None
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    return guess_type(path)[0]


_MOST_WORDS = 40
"""How far a description is read: it begins with what is wanted."""


def _words(text: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return re.findall(r"[a-z0-9]+", spaced.lower())
