"""Whatever a model gives is shown as what it is, each file where its URL stands in the output."""

from dataclasses import replace
from typing import Any

import pytest

from core.history.records import Job, MediaFile, State
from tests.ui.jobs import FILE, a_job
from ui.views.results import (
    Clip,
    Data,
    Download,
    Gallery,
    Labeled,
    Part,
    Sound,
    Words,
    glimpse,
    parts_of,
)

URL = "https://replicate.delivery/xezq/{}"
LONG = "A fox stands in the snow at dawn, and its breath hangs in the cold air between the birches."
PICTURE, CLIP, SOUND, MESH = "image/webp", "video/mp4", "audio/wav", "model/gltf-binary"


def a_file(n: int, *place: str | int, media_type: str = PICTURE) -> MediaFile:
    return replace(FILE, n=n, place=place, key=f"local/2026-03/job1/{n}.x", media_type=media_type)


def ran(output: Any, *files: MediaFile, **changes: Any) -> Job:
    return a_job(**{"state": State.SUCCEEDED, "output": output, "files": files, **changes})


def url(n: int) -> str:
    return URL.format(n)


@pytest.mark.parametrize(
    ("media_type", "part"),
    [
        *((media_type, Gallery) for media_type in ("image/png", "image/jpeg", "image/avif")),
        ("video/webm", Clip),
        ("audio/mpeg", Sound),
        *((other, Download) for other in (MESH, "application/zip", "text/html", "text/csv")),
    ],
)
def test_a_file_is_shown_as_what_it_is(media_type: str, part: Any) -> None:
    [shown] = parts_of(ran(url(0), a_file(0, media_type=media_type)))

    assert isinstance(shown, part)


@pytest.mark.parametrize("media_type", ["image/svg+xml", "image/tiff"])
def test_a_picture_that_may_run_scripts_or_isnt_drawn_is_to_be_downloaded(media_type: str) -> None:
    file = a_file(0, media_type=media_type)

    assert parts_of(ran(url(0), file)) == (Download(file),)


def test_pictures_beside_each_other_are_a_gallery() -> None:
    files = [a_file(n, n) for n in range(3)]

    assert parts_of(ran([url(n) for n in range(3)], *files)) == (Gallery(tuple(files)),)


def test_a_list_that_mixes_is_shown_in_its_order() -> None:
    files = [
        a_file(0, 0),
        a_file(1, 1),
        a_file(2, 3, media_type=SOUND),
        a_file(3, 4),
        a_file(4, 6, "mesh", media_type=MESH),
    ]
    output = [url(0), url(1), "A fox.", url(2), url(3), 7, {"mesh": url(4), "faces": 12}]

    assert parts_of(ran(output, *files)) == (
        Gallery((files[0], files[1])),
        Words("A fox."),
        Sound(files[2]),
        Gallery((files[3],)),
        Data({"6": 7}),
        Labeled("7", (Labeled("mesh", (Download(files[4]),)), Data({"faces": 12}))),
    )


def test_an_object_that_mixes_has_its_keys_as_headings_in_their_order() -> None:
    files = [
        a_file(0, "image"),
        a_file(1, "mask"),
        a_file(2, "stems", "drums", media_type=SOUND),
        a_file(3, "views", 0),
        a_file(4, "views", 1),
    ]
    output = {
        "image": url(0),
        "mask": url(1),
        "seed": 42,
        "label": "fox",
        "caption": LONG,
        "stems": {"drums": url(2)},
        "views": [url(3), url(4)],
        "boxes": [{"x": 1}],
        "safe": None,
    }

    assert parts_of(ran(output, *files)) == (
        Gallery((files[0], files[1]), ("image", "mask")),
        Data({"seed": 42, "label": "fox"}),
        Labeled("caption", (Words(LONG),)),
        Labeled("stems", (Labeled("drums", (Sound(files[2]),)),)),
        Labeled("views", (Gallery((files[3], files[4])),)),
        Data({"boxes": [{"x": 1}], "safe": None}),
    )


def test_lists_of_galleries_stay_apart() -> None:
    files = [a_file(0, 0, 0), a_file(1, 0, 1), a_file(2, 1, 0), a_file(3, 1, 1)]
    output = [[url(0), url(1)], [url(2), url(3)]]

    assert parts_of(ran(output, *files)) == (
        Labeled("1", (Gallery((files[0], files[1])),)),
        Labeled("2", (Gallery((files[2], files[3])),)),
    )


@pytest.mark.parametrize("output", [0.5, False, [1, 2], ["a", "b"], {"grams": 12}, [], {}])
def test_what_is_neither_files_nor_text_is_data(output: Any) -> None:
    assert parts_of(ran(output)) == (Data(output),)


def test_the_texts_of_an_object_without_files_can_be_read() -> None:
    output = {"text": f"{LONG}\n{LONG}", "language": "en", "segments": [{"text": LONG}]}

    assert parts_of(ran(output)) == (
        Labeled("text", (Words(output["text"]),)),
        Data({"language": "en", "segments": [{"text": LONG}]}),
    )
    assert parts_of(ran([LONG, LONG])) == (
        Labeled("1", (Words(LONG),)),
        Labeled("2", (Words(LONG),)),
    )
    assert parts_of(ran([LONG] * 500)) == (Data([LONG] * 500),)


def test_a_text_is_shown_exactly() -> None:
    text = "  <b>Hi</b>\r\n\n**there** "

    assert parts_of(ran(["  <b>", "…"], text=text)) == (Words(text),)
    assert parts_of(ran([], text=" ")) == ()


def test_a_text_that_was_cut_short_is_shown() -> None:
    job = a_job(state=State.CANCELED, text="Well,", output=None)

    assert parts_of(job) == (Words("Well,"),)


def test_fenced_code_is_told_from_other_words_and_nothing_is_lost() -> None:
    code = "```python\nprint('fox')\n```"
    words = Words(f"So:\n\n{code}\nand ``` that\n")

    assert words.passages == ((False, "So:\n\n"), (True, code), (False, "\nand ``` that\n"))


def test_a_url_whose_file_could_not_be_kept_stays_a_text_in_its_place() -> None:
    output = [url(0), url(1), url(2)]
    files = [a_file(0, 0), a_file(2, 2)]

    job = ran(output, *files, state=State.FAILED, error="The second one couldn't be had.")

    assert parts_of(job) == (Gallery((files[0],)), Words(url(1)), Gallery((files[1],)))


def test_a_text_that_only_looks_like_a_file_takes_no_files_place() -> None:
    file = a_file(0, "image")

    assert parts_of(ran({"about": url(9), "image": url(0)}, file)) == (
        Data({"about": url(9)}),
        Gallery((file,), ("image",)),
    )


def test_files_of_an_earlier_release_are_found_by_their_order() -> None:
    files = [replace(a_file(n), place=None) for n in (0, 2)]
    output = {"image": url(0), "mask": url(1), "depth": url(2)}

    assert parts_of(ran(output, *files)) == (
        Gallery((files[0],), ("image",)),
        Data({"mask": url(1)}),
        Gallery((files[1],), ("depth",)),
    )


@pytest.mark.parametrize("output", [None, "gone", {"image": url(0)}, [[[[[[[[url(0)]]]]]]]]])
def test_no_file_is_ever_missed(output: Any) -> None:
    """Whatever the output says: deleted, changed, or nested deeper than it is taken apart."""
    files = [a_file(0, *([0] * 8)), replace(a_file(1), place=None), a_file(2, "no", "where")]

    parts = parts_of(ran(output, *files))

    assert sorted(file.n for file in _files(parts)) == [0, 1, 2]


def test_a_file_that_stands_nowhere_comes_after_those_that_have_names() -> None:
    named, stray = a_file(0, "image"), a_file(1, "gone")

    assert parts_of(ran({"image": url(0)}, named, stray)) == (
        Gallery((named,), ("image",)),
        Gallery((stray,)),
    )


def test_what_lies_very_deep_is_data_and_its_file_comes_last() -> None:
    file = a_file(0, *(["in"] * 9))
    output: Any = url(0)
    for _ in range(9):
        output = {"in": output}

    parts = parts_of(ran(output, file))

    assert _depth(parts[0]) == 6
    assert parts[1] == Gallery((file,))


def _depth(part: Part) -> int:
    return 1 + _depth(part.parts[0]) if isinstance(part, Labeled) else 0


def _files(parts: tuple[Part, ...]) -> list[MediaFile]:
    found: list[MediaFile] = []
    for part in parts:
        match part:
            case Gallery(files):
                found += files
            case Clip(file) | Sound(file) | Download(file):
                found.append(file)
            case Labeled(_, inner):
                found += _files(inner)
    return found


def test_data_urls_are_never_shown_whole() -> None:
    content = "data:text/plain;base64," + "A" * 9000

    for output in (content, [content, LONG], {"a": content}, {"a": [content]}):
        assert "AAAA" not in repr([_shown(part) for part in parts_of(ran(output))])
        assert "AAAA" not in glimpse(output)


def _shown(part: Part) -> Any:
    match part:
        case Data():
            return part.tree
        case Labeled(_, parts):
            return [_shown(inner) for inner in parts]
        case _:
            return part


def test_urls_are_not_shown_while_their_files_are_on_their_way() -> None:
    assert parts_of(ran([url(0)], state=State.DOWNLOADING, completed_at=None)) == ()


def test_a_glimpse_is_short_however_long_an_output_is() -> None:
    nest: Any = []
    for _ in range(500):
        nest = [nest]

    for output in ([0.1] * 100_000, {str(n): "x" * 9000 for n in range(500)}, nest):
        assert len(glimpse(output)) < 3000
    assert glimpse({"grams": 12}) == '{\n  "grams": 12\n}'
