"""Shows the files that a form holds."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from core.models.mediakinds import MediaKind
from ui.views.cards import file_url


def preview(uploads: Any, addresses: Any = "", *, kind: MediaKind = "image") -> str:
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
