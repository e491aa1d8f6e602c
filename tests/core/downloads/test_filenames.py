"""Names made from hostile URLs: harmless on every system, and with an extension that fits."""

from pathlib import Path

import pytest

from core.downloads.filenames import (
    MAX_NAME_BYTES,
    extension_for,
    safe_name,
    split_name,
    with_extension,
)

HOSTILE = [
    "https://h/../../etc/passwd",
    "https://h/..%2f..%2fetc%2fpasswd",
    "https://h/..%5c..%5cwindows%5cwin.ini",
    "https://h/%2e%2e",
    "https://h/..",
    "https://h/.",
    "https://h/",
    "https://h",
    "https://h/a%00b.png",
    "https://h/%00",
    "https://h/line%0abreak%0d.png",
    "https://h/%e2%80%a8separator.png",
    "https://h/gpj.%e2%80%aeexe.png",
    "https://h/.hidden",
    "https://h/...png",
    "https://h/trailing.%20.",
    "https://h/C:stream.png",
    "https://h/a%3cb%3e%22c%7cd%3fe%2af.png",
    "https://h/CON",
    "https://h/con.png",
    "https://h/Com1.txt",
    "https://h/LPT%C2%B9.txt",
    "https://h/nul%20.png",
    "https://h/aux.tar.gz",
    "https://h/con" + "%20" * 300 + "x",
    "https://h/" + "a" * 300 + ".png",
    "https://h/" + "%F0%9F%A6%8A" * 300 + ".png",
    "https://h/" + "a" * 300 + "." + "b" * 300,
    "https://h/%ff%fe%fd.png",
    "https://h/%ED%A0%80.png",
    "https://[bad/a.png",
    "data:image/png;base64,AAAA",
    "",
]

DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "123¹²³")}


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("media_type", [None, "image/png", "application/octet-stream"])
def test_a_name_is_harmless_whatever_the_url(url: str, media_type: str | None) -> None:
    name = safe_name(url, media_type)

    assert name
    assert not set(name) & set('<>:"/\\|?*')
    assert name.isprintable()
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert name.partition(".")[0].rstrip().lower() not in DEVICES
    assert len(name.encode()) <= MAX_NAME_BYTES


@pytest.mark.parametrize("url", HOSTILE)
def test_a_name_can_be_made_into_a_file_in_its_folder(url: str, tmp_path: Path) -> None:
    path = tmp_path / safe_name(url, "image/png")

    path.write_bytes(b"x")

    assert [file.resolve() for file in tmp_path.iterdir()] == [path.resolve()]


@pytest.mark.parametrize(
    ("url", "media_type", "name"),
    [
        ("https://h/a/fox.png?width=1#top", "image/png", "fox.png"),
        ("https://h/a/fox.PNG", "image/png", "fox.png"),
        ("https://h/a/fox.jpeg", "image/jpeg", "fox.jpeg"),
        ("https://h/a/fox%20in%20snow.webp", "image/webp", "fox in snow.webp"),
        ("https://h/fu%CC%88chse.png", "image/png", "füchse.png"),
        ("https://h/a/fox", "image/webp", "fox.webp"),
        ("https://h/flux-1.1-pro", "image/webp", "flux-1.1-pro.webp"),
        ("https://h/out.png", "image/webp", "out.webp"),
        ("https://h/out.exe", "image/png", "out.png"),
        ("https://h/mesh.ply", "application/octet-stream", "mesh.ply"),
        ("https://h/weights.safetensors", "application/octet-stream", "weights.safetensors"),
        ("https://h/out", "application/octet-stream", "out.bin"),
        ("data:image/gif;base64,AAAA", "image/gif", "output.gif"),
        ("https://h/fox.final.png", None, "fox.final.png"),
        ("https://h/fox", None, "fox"),
    ],
)
def test_a_name_is_the_urls_with_an_extension_that_fits(
    url: str, media_type: str | None, name: str
) -> None:
    assert safe_name(url, media_type) == name


@pytest.mark.parametrize(
    ("name", "stem", "extension"),
    [
        ("fox.png", "fox", ".png"),
        ("fox.final.png", "fox.final", ".png"),
        ("clip.mp4", "clip", ".mp4"),
        ("flux-1.1", "flux-1.1", ""),
        ("flux-1.1-pro", "flux-1.1-pro", ""),
        ("v2.0", "v2.0", ""),
        ("fox", "fox", ""),
        ("fox.", "fox.", ""),
    ],
)
def test_the_number_of_a_version_is_no_extension(name: str, stem: str, extension: str) -> None:
    assert split_name(name) == (stem, extension)


def test_an_extension_is_added_only_where_there_is_none() -> None:
    assert with_extension(Path("out/0"), ".webp") == Path("out/0.webp")
    assert with_extension(Path("out/flux-1.1"), ".webp") == Path("out/flux-1.1.webp")
    assert with_extension(Path("out/fox.png"), ".webp") == Path("out/fox.png")


def test_an_extension_longer_than_any_is_not_taken_for_one() -> None:
    assert extension_for("https://h/a.onlyaname", "image/png") == ".png"
