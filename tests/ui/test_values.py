"""What the page tells of a form's boxes is taken for what it is, and no path is taken on trust."""

from pathlib import Path
from typing import Any

import pytest

from core.models.schema import Field
from ui.bench.form import Form
from ui.bench.values import Held, shown_in

FORM = Form(
    "owner/name",
    main=(
        Field(name="seed", title="Seed", type="integer"),
        Field(name="image", title="Image", type="file"),
        Field(name="images", title="Images", type="files"),
    ),
).holding({"seed": "3"})


def held(seed: Any = "", image: Any = None, images: Any = None, **other: Any) -> Held:
    return {"revision": FORM.revision, "values": [seed, image, "", images, ""], **other}


def file(path: str) -> dict[str, Any]:
    """Return a file as the page tells it; Gradio has looked at one that is marked so."""
    return {"path": path, "url": f"http://x/file={path}", "meta": {"_type": "gradio.FileData"}}


def test_boxes_hold_what_the_page_tells() -> None:
    shown = shown_in(FORM, held("7", file("/up/a.png"), [file("/up/b.png"), file("/up/c.png")]))

    assert shown == {
        "seed": "7",
        "image": "/up/a.png",
        "image@address": "",
        "images": ["/up/b.png", "/up/c.png"],
        "images@address": "",
    }
    assert FORM.read(shown) == {
        "seed": 7,
        "image": Path("/up/a.png"),
        "images": [Path("/up/b.png"), Path("/up/c.png")],
    }


def test_empty_boxes_hold_nothing() -> None:
    assert FORM.read(shown_in(FORM, held(images=[]))) == {}


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"values": ["7", None, "", None, ""]},
        held("7", revision=FORM.revision + 1),
        {"revision": FORM.revision, "values": ["7"]},
        {"revision": FORM.revision, "values": 7},
    ],
)
def test_what_is_told_of_another_form_is_not_taken(told: Held) -> None:
    assert shown_in(FORM, told)["seed"] == "3"


@pytest.mark.parametrize(
    "made_up", ["/etc/passwd", {"path": "/etc/passwd"}, {"path": "/etc/passwd", "meta": {}}, 7]
)
def test_a_path_that_a_browser_made_up_is_not_taken(made_up: Any) -> None:
    """Without its mark Gradio takes it for any value, and doesn't look whether it may be read."""
    assert FORM.read(shown_in(FORM, held("7", made_up, [made_up]))) == {"seed": 7}
