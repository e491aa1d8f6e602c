"""What a form marks in its fields: what differs from the model's defaults, what is wrong, and
which files they hold."""

from collections.abc import Mapping
from typing import Any

from ui.bench.boxes import boxes_of, is_file
from ui.bench.form import Form
from ui.bench.previews import preview
from ui.views.templates import render

Marks = dict[str, Any]
"""A value for the component that marks a form of a `revision`: `changed`, `problems` and `given`,
which is HTML that shows files, by the numbers of boxes; `html` with the ways back to the defaults;
and whether it `keeps` problems that were marked before."""

PROMPT = "prompt"


def marks_of(
    form: Form,
    shown: Mapping[str, Any],
    problems: Mapping[str, str] | None = None,
    *,
    keeps: bool = False,
) -> Marks:
    """Return the marks of a form.

    Args:
        shown: what its boxes hold.
        problems: one sentence for each field that is wrong, by its name.
        keeps: there may be others, marked before and not mended yet.
    """
    boxes = list(enumerate(form.boxes))
    differing = form.differing(shown)
    changed = [n for n, box in boxes if box.key in differing]
    fields = {box.field.name: box.field.title for n, box in boxes if n in changed}
    told: dict[str, str] = {}
    for name, sentence in (problems or {}).items():
        place = next((str(n) for n, box in boxes if box.field.name == name), None)
        if name == PROMPT and form.takes_prompt:
            place = PROMPT
        if place is not None:
            told[place] = sentence
    given = {
        str(n): preview(*(shown.get(one.key) for one in boxes_of(box.field)), kind=box.field.media)
        for n, box in boxes
        if is_file(box.field) and not box.is_address
    }
    return {
        "revision": form.revision,
        "changed": changed,
        "problems": told,
        "given": given,
        "keeps": keeps,
        "html": render("marks", fields=list(fields.items())),
    }
