"""Pictures on their way from a result into a form."""

from dataclasses import dataclass, field
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

from core.history.media import MediaStore
from core.history.records import Job, MediaFile
from ui.cards import file_url

_numbers = count(1)


@dataclass(frozen=True)
class FormPicture:
    """A picture for a form; each is different from the one before, also if the file is the same,
    or Gradio wouldn't see a change."""

    path: Path
    number: int = field(default_factory=lambda: next(_numbers))


def preview(value: Any) -> str:
    """Return small pictures of the files that a form's field holds: a path or several, or None."""
    paths = [value] if isinstance(value, str) else value or []
    images = "".join(
        f'<img src="{escape(file_url(Path(path)))}" alt="The picture that was given">'
        for path in paths
    )
    return f'<div class="given">{images}</div>' if images else ""


def file_of(job: Job, number: str) -> MediaFile | None:
    """Return the output file that a card's button means."""
    return next((one for one in job.files if str(one.n) == number), None)


async def last_frame_of(job: Job, file: MediaFile, media: MediaStore) -> FormPicture:
    """Return a clip's last frame."""
    return FormPicture(media.path(await media.last_frame(file.key, file.media_type)))
