"""Pictures on their way from a result into a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

from core.history.media import MediaStore
from core.history.records import Job, MediaFile
from core.models.mediakinds import MediaKind
from ui.views.cards import file_url

_numbers = count(1)


@dataclass(frozen=True)
class FormPicture:
    """A picture for a form; each is different from the one before, also if the file is the same,
    or Gradio wouldn't see a change."""

    path: Path
    number: int = field(default_factory=lambda: next(_numbers))


def preview(uploads: Any, addresses: str = "", *, kind: MediaKind = "image") -> str:
    """Return what shows the files that a form's field holds.

    Args:
        uploads: a path, several, or None.
        addresses: URLs, one a line.
        kind: what the field takes; anything else isn't shown.
    """
    paths = [uploads] if isinstance(uploads, str) else uploads or []
    lines = (line.strip() for line in (addresses or "").splitlines())
    urls = [
        *(file_url(Path(path)) for path in paths),
        *(line for line in lines if line.startswith(("https://", "http://", "data:"))),
    ]
    shown = "".join(_PREVIEWS[kind].format(url=escape(url)) for url in urls)
    return f'<div class="given">{shown}</div>' if shown else ""


_PREVIEWS: Mapping[MediaKind, str] = {
    "image": '<img src="{url}" alt="The picture that was given" referrerpolicy="no-referrer">',
    "video": '<video src="{url}" controls muted preload="metadata"></video>',
    "audio": '<audio src="{url}" controls preload="metadata"></audio>',
    "any": "",
}


def file_of(job: Job, number: str) -> MediaFile | None:
    """Return the output file that a card's button means."""
    return next((one for one in job.files if str(one.n) == number), None)


async def last_frame_of(job: Job, file: MediaFile, media: MediaStore) -> FormPicture:
    """Return a clip's last frame."""
    return FormPicture(media.path(await media.last_frame(file.key, file.media_type)))
