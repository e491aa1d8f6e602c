"""A part file that is kept: what the next process may trust of it, and what it may not."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.downloads.filetypes import HEAD_BYTES
from core.downloads.keptfile import KeptFile
from core.downloads.partfile import Facts
from tests.core.downloads.material import files

DATA = bytes(range(256)) * 20
FACTS = Facts('"one"', 2 * len(DATA), "image/png")
MEGABYTE = bytes(range(256)) * 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "folder"


@pytest.fixture
def partials(tmp_path: Path) -> Path:
    return tmp_path / "partials"


def written(folder: Path, partials: Path, *pieces: bytes, facts: Facts = FACTS) -> KeptFile:
    part = KeptFile(folder, partials, "key")
    part.learn(facts)
    for piece in pieces:
        part.write(piece)
    return part


def taken_up(folder: Path, partials: Path) -> KeptFile:
    part = KeptFile(folder, partials, "key")
    part.open()
    return part


def killed(partials: Path) -> Path:
    """Return the folder as a process that is killed just now leaves it."""
    left = partials.with_name("left")
    return Path(shutil.copytree(partials, left))


def change_note(partials: Path, **changes: Any) -> None:
    note = partials / "key.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | changes))


def state(part: KeptFile) -> tuple[int, str, bytes, Facts]:
    return part.size, part.sha256, part.head, part.facts


def state_of(data: bytes, facts: Facts = FACTS) -> tuple[int, str, bytes, Facts]:
    return len(data), hashlib.sha256(data).hexdigest(), data[:HEAD_BYTES], facts


def test_what_is_left_is_taken_up_and_becomes_the_whole(folder: Path, partials: Path) -> None:
    written(folder, partials, DATA).leave()

    part = taken_up(folder, partials)
    found = state(part)
    part.write(DATA)
    part.publish(folder / "fox.png")
    part.leave()

    assert found == state_of(DATA)
    assert part.sha256 == hashlib.sha256(DATA * 2).hexdigest()
    assert (folder / "fox.png").read_bytes() == DATA * 2
    assert files(folder) == ["fox.png"]


def test_all_that_a_killed_process_wrote_is_taken_up(folder: Path, partials: Path) -> None:
    part = written(folder, partials, DATA, b"a few more")

    left = taken_up(folder, killed(partials))

    assert state(left) == state_of(DATA + b"a few more")
    left.discard()
    part.discard()


@pytest.mark.parametrize("boot", ["an earlier one", None])
def test_after_a_power_cut_only_what_was_synced_is_trusted(
    boot: str | None, folder: Path, partials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if boot is None:  # a system that doesn't tell
        monkeypatch.setattr("core.downloads.keptfile._boot", lambda: None)
    part = written(folder, partials, *[MEGABYTE] * 33)
    left = killed(partials)
    change_note(left, boot=boot)
    (left / "key.part").write_bytes(MEGABYTE * 32 + bytes(len(MEGABYTE) + 999))

    after = taken_up(folder, left)

    assert state(after) == state_of(MEGABYTE * 32)
    after.discard()
    part.discard()


def test_what_was_left_in_order_outlives_a_power_cut(folder: Path, partials: Path) -> None:
    written(folder, partials, DATA).leave()
    change_note(partials, boot="an earlier one")

    part = taken_up(folder, partials)

    assert state(part) == state_of(DATA)
    part.discard()


@pytest.mark.parametrize("note", [None, b"", b'{"durable": 1', b'{"durable": 1}', b"\xff"])
def test_without_a_note_that_can_be_read_it_starts_over(
    note: bytes | None, folder: Path, partials: Path
) -> None:
    written(folder, partials, DATA).leave()
    if note is None:
        (partials / "key.json").unlink()
    else:
        (partials / "key.json").write_bytes(note)

    part = taken_up(folder, partials)

    assert state(part) == state_of(b"", Facts())
    part.discard()


def test_what_was_forgotten_is_not_taken_up_as_something_else(folder: Path, partials: Path) -> None:
    part = written(folder, partials, DATA)
    part.restart()
    between = killed(partials)
    part.learn(Facts('"two"'))
    part.write(b"new")
    part.leave()

    after = taken_up(folder, partials)

    assert not (between / "key.json").exists()
    assert state(after) == state_of(b"new", Facts('"two"'))
    after.discard()


@pytest.mark.parametrize(
    ("data", "facts"), [(b"", FACTS), (DATA, Facts(None, 99_999)), (DATA, Facts(None, None))]
)
def test_what_nobody_can_go_on_from_is_not_kept(
    data: bytes, facts: Facts, folder: Path, partials: Path
) -> None:
    written(folder, partials, data, facts=facts).leave()

    assert files(partials) == ["key.lock"]


def test_a_discarded_file_leaves_neither_bytes_nor_a_note(folder: Path, partials: Path) -> None:
    written(folder, partials, DATA).discard()

    assert files(partials) == ["key.lock"]
    assert files(folder) == []


def test_all_of_a_file_is_kept_even_if_it_could_not_be_gone_on_from(
    folder: Path, partials: Path
) -> None:
    written(folder, partials, DATA, facts=Facts(None, len(DATA))).leave()

    part = taken_up(folder, partials)

    assert state(part) == state_of(DATA, Facts(None, len(DATA)))
    part.discard()


def test_a_file_that_is_found_in_its_place_is_never_removed_from_there(
    folder: Path, partials: Path
) -> None:
    part = written(folder, partials, DATA)
    part.publish(folder / "fox.png")
    part.leave()

    taken_up(folder, partials).discard()

    assert (folder / "fox.png").read_bytes() == DATA
    assert files(partials) == ["key.lock"]


def test_while_one_writes_a_second_writes_apart_and_leaves_nothing(
    folder: Path, partials: Path
) -> None:
    one = written(folder, partials, DATA)
    two = written(folder, partials, b"two", facts=Facts('"two"'))

    two.publish(folder / "two.png")
    two.leave()
    written(folder, partials, b"three").leave()
    one.leave()
    after = taken_up(folder, partials)

    assert (folder / "two.png").read_bytes() == b"two"
    assert files(folder) == ["two.png"]
    assert state(after) == state_of(DATA)
    after.discard()


def test_a_published_file_is_found_in_its_place_and_keeps_to_one_name(
    folder: Path, partials: Path
) -> None:
    part = written(folder, partials, DATA)
    part.publish(folder / "fox.jpeg")
    part.leave()

    again = taken_up(folder, partials)
    found = state(again)
    again.publish(folder / "fox.jpg")
    again.leave()

    assert found == state_of(DATA, Facts('"one"', len(DATA), "image/png"))
    assert files(folder) == ["fox.jpg"]
    for _ in range(2):
        found_again = taken_up(folder, partials)
        assert state(found_again) == found
        found_again.leave()


def test_a_crash_just_before_the_file_is_in_its_place_costs_nothing(
    folder: Path, partials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = written(folder, partials, DATA)
    lefts = []
    replace = Path.replace

    def killed_before(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            lefts.append(killed(partials))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", killed_before)
    part.publish(folder / "fox.png")
    part.leave()
    (folder / "fox.png").unlink()

    after = taken_up(folder, lefts[0])

    assert state(after) == state_of(DATA, Facts('"one"', len(DATA), "image/png"))
    after.discard()


@pytest.mark.parametrize("change", ["edited", "removed", "folder"])
def test_a_published_file_that_somebody_changed_is_left_alone(
    change: str, folder: Path, partials: Path
) -> None:
    part = written(folder, partials, DATA)
    part.publish(folder / "fox.png")
    part.leave()
    if change == "edited":
        (folder / "fox.png").write_bytes(b"mine")
    else:
        (folder / "fox.png").unlink()
    if change == "folder":
        (folder / "fox.png").mkdir()

    after = taken_up(folder, partials)

    assert state(after) == state_of(b"", Facts())
    after.discard()
    assert files(folder) == (["fox.png"] if change == "edited" else [])


def test_leaving_on_a_full_disk_keeps_what_was_noted_before(
    folder: Path, partials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = written(folder, partials, DATA)

    def full(descriptor: int) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        part.leave()
    after = taken_up(folder, partials)

    assert state(after) == state_of(DATA)
    after.discard()
