"""What bytes, declarations and names say about a file, and which of them is believed."""

import io
import time
import wave

import pytest
from PIL import Image

from core.downloads.filetypes import (
    HEAD_BYTES,
    UNKNOWN,
    essence,
    extension_of,
    keeps_promise,
    media_type_of,
    media_type_of_name,
    sniff,
)


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "orange").save(file, kind)
    return file.getvalue()[:HEAD_BYTES]


def sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, "NONE", ""))
        writer.writeframes(b"\0\1" * 100)
    return file.getvalue()


def box(brand: bytes) -> bytes:
    return b"\0\0\0\x20ftyp" + brand + b"\0\0\2\0isomiso2"


PAGE = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>"
S3_ERROR = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
BARE_ERROR = b"<Error><Code>NoSuchKey</Code></Error>"
PROBLEM = b'{"detail": "Not found.", "status": 404}'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
ILLUSTRATOR_SVG = (
    b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<!-- Generator: a -->\r\n<!-- b -->'
    b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [<!ENTITY ns "x">]>\n<svg/>'
)
NOISE = bytes(range(128, 256)) + b"\0\1\2"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (picture("BMP"), "image/bmp"),
        (picture("TIFF"), "image/tiff"),
        (picture("AVIF"), "image/avif"),
        (sound(), "audio/wav"),
        (box(b"isom"), "video/mp4"),
        (box(b"mp42"), "video/mp4"),
        (box(b"qt  "), "video/quicktime"),
        (box(b"M4A "), "audio/mp4"),
        (b"\x1a\x45\xdf\xa3\x01", "video/webm"),
        (b"ID3\x04\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"OggS\0", "audio/ogg"),
        (b"fLaC\0", "audio/flac"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"FORM\0\0\0\0AIFFCOMM", "audio/aiff"),
        (b"glTF\2\0\0\0", "model/gltf-binary"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\3\4\x14", "application/zip"),
        (SVG, "image/svg+xml"),
        (ILLUSTRATOR_SVG, "image/svg+xml"),
        (PAGE, "text/html"),
        (b"  \n<html lang=en>", "text/html"),
        (b"<!-- proxy --><HTML>", "text/html"),
        (S3_ERROR, "text/xml"),
        (BARE_ERROR, "text/xml"),
        (PROBLEM, "application/json"),
        (b'[{"a": 1}]', "application/json"),
        (b"{}", "application/json"),
        (b"BMW is a car maker", None),
        (b"Not found", None),
        (NOISE, None),
        (b"", None),
    ],
)
def test_the_first_bytes_show_what_a_file_is(head: bytes, media_type: str | None) -> None:
    assert sniff(head) == media_type


@pytest.mark.parametrize(
    "head",
    [
        b"<!---->" * (HEAD_BYTES // 7),
        b"<!--" * (HEAD_BYTES // 4),
        b"<?xml" + b" " * HEAD_BYTES,
        b"<?xml?>" + b"<!-- --> " * (HEAD_BYTES // 9),
        b"<!doctype" + b" " * HEAD_BYTES,
        b"<" * HEAD_BYTES,
        b"{" + b" " * HEAD_BYTES,
        b"<a" + b"-" * HEAD_BYTES,
    ],
)
def test_no_bytes_are_slow_to_look_at(head: bytes) -> None:
    started = time.perf_counter()

    sniff(head)

    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize("promised", ["image/png", "image/webp", "video/mp4", "audio/mpeg"])
@pytest.mark.parametrize(
    "head",
    [PAGE, S3_ERROR, BARE_ERROR, PROBLEM, SVG, b"Not found", "Não há".encode(), b"%PDF-1.7"],
)
def test_a_page_or_document_does_not_pass_for_media(promised: str, head: bytes) -> None:
    assert not keeps_promise(promised, head)


@pytest.mark.parametrize(
    ("promised", "head"),
    [
        ("image/png", picture("WEBP")),
        ("image/png", box(b"isom")),
        ("audio/mpeg", box(b"M4A ")),
        ("image/svg+xml", SVG),
        ("image/svg+xml", ILLUSTRATOR_SVG),
        ("video/mp4", NOISE),
        ("audio/x-mpegurl", b"#EXTM3U\n"),
        ("text/html", PAGE),
        ("text/plain", b"{}"),
        ("application/json", PROBLEM),
        ("model/obj", b"v 0 0 0"),
        (None, PAGE),
    ],
)
def test_other_media_and_unknown_bytes_are_let_pass(promised: str | None, head: bytes) -> None:
    assert keeps_promise(promised, head)


@pytest.mark.parametrize("head", [S3_ERROR, PAGE, PROBLEM, b"Not found"])
def test_only_a_drawing_passes_for_a_drawing(head: bytes) -> None:
    assert not keeps_promise("image/svg+xml", head)


def test_a_text_cut_inside_a_character_is_still_a_text() -> None:
    assert not keeps_promise("image/png", "Não há".encode()[:-1])


@pytest.mark.parametrize(
    ("head", "declared", "name", "media_type"),
    [
        (picture("WEBP"), "image/png", "fox.png", "image/webp"),
        (picture("PNG"), "text/plain", "fox", "image/png"),
        (box(b"isom"), "audio/mp4", "song", "audio/mp4"),
        (box(b"isom"), UNKNOWN, "song.m4a", "audio/mp4"),
        (box(b"isom"), "image/png", "fox.png", "video/mp4"),
        (b"\x1a\x45\xdf\xa3", None, "clip.mkv", "video/x-matroska"),
        (b"OggS", None, "voice.opus", "audio/opus"),
        (NOISE, UNKNOWN, "song.mp3", "audio/mpeg"),
        (NOISE, "audio/mpeg", "song", "audio/mpeg"),
        (NOISE, None, "song", UNKNOWN),
        (b"hello", "text/plain", "note.csv", "text/csv"),
        (b"hello", "text/plain", "note", "text/plain"),
        (b'["a", 1]', "text/plain", "note.txt", "application/json"),
        (PROBLEM, "application/json", "data.json", "application/json"),
        (b"PK\3\4", "application/zip", "all.zip", "application/zip"),
    ],
)
def test_media_are_what_their_bytes_show_and_the_rest_what_is_said(
    head: bytes, declared: str | None, name: str, media_type: str
) -> None:
    assert media_type_of(head, declared=declared, name=name) == media_type


@pytest.mark.parametrize(
    ("content_type", "media_type"),
    [
        ("image/png", "image/png"),
        ("Image/PNG; charset=binary", "image/png"),
        ("image/jpg", "image/jpeg"),
        ("audio/x-wav", "audio/wav"),
        ("image/svg+xml", "image/svg+xml"),
        ("", None),
        ("nonsense", None),
        ("image/../png", None),
    ],
)
def test_a_declared_type_is_reduced_to_its_usual_name(
    content_type: str, media_type: str | None
) -> None:
    assert essence(content_type) == media_type


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("fox.png", "image/png"),
        ("FOX.JPEG", "image/jpeg"),
        (".webp", "image/webp"),
        ("clip.mp4", "video/mp4"),
        ("song.wav", "audio/wav"),
        ("fox", None),
        ("fox.", None),
        ("", None),
    ],
)
def test_a_names_extension_stands_for_a_type(name: str, media_type: str | None) -> None:
    assert media_type_of_name(name) == media_type


@pytest.mark.parametrize(
    ("media_type", "extension"),
    [("image/jpeg", ".jpg"), ("audio/wav", ".wav"), (UNKNOWN, ".bin"), ("x/y", ".bin")],
)
def test_a_type_has_one_usual_extension(media_type: str, extension: str) -> None:
    assert extension_of(media_type) == extension
