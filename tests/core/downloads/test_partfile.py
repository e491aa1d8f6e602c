"""A file under way: whole in its place, or nothing at all."""

import errno
import hashlib
import threading
from pathlib import Path

import pytest

from core.downloads.filetypes import HEAD_BYTES
from core.downloads.partfile import PartFile, is_no_room

DATA = bytes(range(256)) * 20


def written(folder: Path, *pieces: bytes) -> PartFile:
    part = PartFile(folder)
    for piece in pieces:
        part.write(piece)
    return part


def test_nothing_is_in_place_before_it_is_published_and_all_of_it_after(tmp_path: Path) -> None:
    part = written(tmp_path, DATA[:1000], DATA[1000:])
    target = tmp_path / "fox.png"
    before = target.exists()

    part.publish(target)

    assert not before
    assert target.read_bytes() == DATA
    assert list(tmp_path.iterdir()) == [target]


def test_size_hash_and_head_are_those_of_the_bytes_so_far(tmp_path: Path) -> None:
    part = written(tmp_path, DATA[:10], DATA[10:HEAD_BYTES], DATA[HEAD_BYTES:])

    assert part.size == len(DATA)
    assert part.sha256 == hashlib.sha256(DATA).hexdigest()
    assert part.head == DATA[:HEAD_BYTES]
    part.discard()


def test_after_a_restart_only_the_new_bytes_count(tmp_path: Path) -> None:
    part = written(tmp_path, DATA)

    part.restart()
    part.write(b"new")
    part.publish(tmp_path / "fox.png")

    assert (tmp_path / "fox.png").read_bytes() == b"new"
    assert (part.size, part.head) == (3, b"new")
    assert part.sha256 == hashlib.sha256(b"new").hexdigest()


def test_a_discarded_file_leaves_nothing(tmp_path: Path) -> None:
    part = written(tmp_path, DATA)

    part.discard()

    assert list(tmp_path.iterdir()) == []


def test_discarding_a_published_file_leaves_it_alone(tmp_path: Path) -> None:
    part = written(tmp_path, DATA)
    part.publish(tmp_path / "fox.png")

    part.discard()

    assert (tmp_path / "fox.png").read_bytes() == DATA


def test_nothing_is_made_before_it_is_opened(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "new")

    part.discard()

    assert not (tmp_path / "new").exists()


def test_folders_are_made_by_opening(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a" / "b")

    part.open()
    part.publish(tmp_path / "a" / "b" / "empty")

    assert (tmp_path / "a" / "b" / "empty").read_bytes() == b""


def test_an_older_file_in_the_place_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "fox.png").write_bytes(b"old")

    written(tmp_path, DATA).publish(tmp_path / "fox.png")

    assert (tmp_path / "fox.png").read_bytes() == DATA


def test_two_files_for_one_place_do_not_mix(tmp_path: Path) -> None:
    one, two = written(tmp_path, b"one"), written(tmp_path, b"two")
    one.write(b" one")
    two.write(b" two")

    one.publish(tmp_path / "fox.png")
    two.publish(tmp_path / "fox.png")

    assert (tmp_path / "fox.png").read_bytes() == b"two two"
    assert len(list(tmp_path.iterdir())) == 1


def test_nothing_is_written_after_it_was_discarded(tmp_path: Path) -> None:
    opened, unopened = written(tmp_path, DATA), PartFile(tmp_path)
    opened.discard()
    unopened.discard()

    for part in (opened, unopened):
        with pytest.raises(ValueError, match="discarded"):
            part.write(b"late")

    assert list(tmp_path.iterdir()) == []


def test_discarding_waits_for_a_write_that_is_under_way(tmp_path: Path) -> None:
    part = written(tmp_path, DATA)
    begun, go_on = threading.Event(), threading.Event()

    class Slow(bytearray):
        """Bytes that keep a write waiting for their length."""

        def __len__(self) -> int:
            begun.set()
            go_on.wait(5)
            return super().__len__()

    writer = threading.Thread(target=part.write, args=(Slow(b"more"),))
    discarder = threading.Thread(target=part.discard)
    writer.start()
    begun.wait(5)
    discarder.start()
    discarder.join(0.05)
    waited = discarder.is_alive()

    go_on.set()
    writer.join(5)
    discarder.join(5)

    assert waited
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_or_quota_is_recognised(number: int) -> None:
    assert is_no_room(OSError(number, "full"))


def test_other_errors_are_not_taken_for_a_full_disk() -> None:
    assert not is_no_room(PermissionError(errno.EACCES, "denied"))
