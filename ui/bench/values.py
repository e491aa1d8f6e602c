"""What the page tells of a form's boxes → what they hold."""

from collections.abc import Mapping
from typing import Any

from gradio_client.utils import is_file_obj_with_meta

from ui.bench.boxes import Box, is_file
from ui.bench.form import Form

Held = Mapping[str, Any] | None
"""`{revision, values}`: of which form, and what its boxes hold, in their order."""


def shown_in(form: Form, held: Held) -> dict[str, Any]:
    """Return what a form's boxes hold, by their keys.

    What the page tells of another form isn't taken: this one isn't drawn yet, and nothing in it
    was touched.
    """
    values = (held or {}).get("values")
    boxes = form.boxes
    is_of_it = isinstance(values, list) and len(values) == len(boxes)
    if not is_of_it or (held or {}).get("revision") != form.revision:
        return form.shown
    return {box.key: _held(box, told) for box, told in zip(boxes, values or (), strict=True)}


def _held(box: Box, told: Any) -> Any:
    if box.is_address or not is_file(box.field):
        return told
    # Gradio has let through only files that were uploaded or that the page shows, but only if they
    # are marked as such; anything else may be a path that a browser made up.
    files = told if isinstance(told, list) else [told]
    paths = [str(one["path"]) for one in files if is_file_obj_with_meta(one)]
    if box.field.type == "files":
        return paths or None
    return paths[0] if paths else None
