"""Files of many kinds, by the ending of their names: what stands in each, honestly little."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.emulator.clips import film
from core.emulator.models.anything.meshes import glb, obj
from core.emulator.models.anything.wishes import Wish
from core.emulator.models.sizes import Size, at_most
from core.emulator.pictures import draw, encode, flattened
from core.emulator.runner import OnStep
from core.emulator.sounds import NOTE, play

MAX_PIXELS = 1_600_000
"""About how many pixels a picture has at most: more would only keep the processor busy."""

MAX_FRAME: Size = (854, 480)
"""About how many pixels a clip's frame has at most."""


@dataclass(frozen=True)
class FileKind:
    """A kind of file that can be made.

    Attributes:
        make: what is wished for, a seed, whom to tell of long work → the file's bytes.
    """

    media_type: str
    make: Callable[[Wish, int, OnStep], bytes]


def picture_size(wish: Wish) -> Size:
    """Return the size of the pictures that a wish gets."""
    return at_most(wish.size, pixels=MAX_PIXELS)


def frame_size(wish: Wish) -> Size:
    """Return the size of the frames that a wish gets."""
    return at_most(wish.size, pixels=MAX_FRAME[0] * MAX_FRAME[1])


def _picture(wish: Wish, seed: int) -> Image.Image:
    width, height = picture_size(wish)
    return draw(wish.prompt, width=width, height=height, seed=seed, references=wish.pictures)


def _png(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    return encode(_picture(wish, seed), "png")


def _jpg(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    return encode(_picture(wish, seed), "jpg", quality=wish.quality)


def _webp(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    return encode(_picture(wish, seed), "webp", quality=wish.quality)


def _gif(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    """Pan over a picture, there and back."""
    width, height = at_most(wish.size, pixels=320 * 320)
    whole = draw(wish.prompt, width=width + 16, height=height, seed=seed, references=wish.pictures)
    frames = [whole.crop((x, 0, x + width, height)) for x in (0, 4, 8, 12, 16, 12, 8, 4)]
    return _saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=120, loop=0)


def _pdf(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    timeless = {"creationDate": None, "modDate": None}  # or the same run would make another file
    return _saved(flattened(_picture(wish, seed)), "PDF", title=NOTE, **timeless)


def _saved(picture: Image.Image, image_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()


def _svg(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    width, height = wish.size
    hue = seed % 360
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">\n'
        f"  <desc>{NOTE}</desc>\n"
        f'  <rect width="{width}" height="{height}" fill="hsl({hue} 60% 90%)"/>\n'
        f'  <circle cx="{width / 2:g}" cy="{height / 2:g}" r="{min(width, height) / 3:g}"'
        f' fill="hsl({hue} 60% 45%)"/>\n'
        "</svg>\n"
    ).encode()


def _clip(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    width, height = frame_size(wish)
    return film(
        wish.prompt,
        width=width,
        height=height,
        seconds=wish.clip_seconds,
        seed=seed,
        first_frame=wish.pictures[0] if wish.pictures else None,
        last_frame=wish.last_frame,
        on_frame=on_step,
    )


def _sound(ending: str) -> FileKind:
    def make(wish: Wish, seed: int, on_step: OnStep) -> bytes:
        return play(wish.prompt, seconds=wish.sound_seconds, seed=seed, ending=ending)

    media_types = {"mp3": "mpeg", "m4a": "mp4"}
    return FileKind(f"audio/{media_types.get(ending, ending)}", make)


def _text(write: Callable[[str], str]) -> Callable[[Wish, int, OnStep], bytes]:
    """Return what makes a text file of a line about the prompt."""

    def make(wish: Wish, seed: int, on_step: OnStep) -> bytes:
        prompt = " ".join(wish.prompt.split())[:200]
        return write(prompt).encode("utf-8", "replace")

    return make


def _npz(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, values=np.random.default_rng(seed).normal(size=(8, 16)), note=np.array(NOTE))
    return buffer.getvalue()


def _npy(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(seed).normal(size=(8, 16)))
    return buffer.getvalue()


def _zip(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("README.txt"), f"{NOTE}\n{wish.prompt[:200]}\n")
    return buffer.getvalue()


def _tar(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    data = f"{NOTE}\n{wish.prompt[:200]}\n".encode("utf-8", "replace")
    member = tarfile.TarInfo("README.txt")
    member.size = len(data)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _safetensors(wish: Wish, seed: int, on_step: OnStep) -> bytes:
    values = np.random.default_rng(seed).normal(size=(4, 16)).astype("<f4").tobytes()
    tensor = {"dtype": "F32", "shape": [4, 16], "data_offsets": [0, len(values)]}
    head = json.dumps({"__metadata__": {"note": NOTE}, "lora": tensor}).encode()
    return len(head).to_bytes(8, "little") + head + values


def _json(prompt: str) -> str:
    return json.dumps({"note": NOTE, "about": prompt}, ensure_ascii=False, indent=2) + "\n"


def _csv(prompt: str) -> str:
    quoted = prompt.replace('"', '""')
    return f'note,about\n"{NOTE}","{quoted}"\n'


def _srt(prompt: str) -> str:
    return (
        f"1\n00:00:00,000 --> 00:00:02,000\n{NOTE}\n\n2\n00:00:02,000 --> 00:00:04,000\n{prompt}\n"
    )


def _vtt(prompt: str) -> str:
    cues = f"00:00.000 --> 00:02.000\n{NOTE}\n\n00:02.000 --> 00:04.000\n{prompt}\n"
    return f"WEBVTT\n\n{cues}"


def _html(prompt: str) -> str:
    return f"<!doctype html>\n<meta charset=utf-8>\n<title>Simulated</title>\n<p>{NOTE}</p>\n"


KINDS: Mapping[str, FileKind] = {
    "png": FileKind("image/png", _png),
    "jpg": FileKind("image/jpeg", _jpg),
    "webp": FileKind("image/webp", _webp),
    "gif": FileKind("image/gif", _gif),
    "svg": FileKind("image/svg+xml", _svg),
    "mp4": FileKind("video/mp4", _clip),
    **{ending: _sound(ending) for ending in ("wav", "mp3", "flac", "ogg", "m4a")},
    "txt": FileKind("text/plain", _text(lambda prompt: f"{NOTE}\n{prompt}\n")),
    "md": FileKind("text/markdown", _text(lambda prompt: f"*{NOTE}*\n\n{prompt}\n")),
    "srt": FileKind("application/x-subrip", _text(_srt)),
    "vtt": FileKind("text/vtt", _text(_vtt)),
    "csv": FileKind("text/csv", _text(_csv)),
    "html": FileKind("text/html", _text(_html)),
    "json": FileKind("application/json", _text(_json)),
    "pdf": FileKind("application/pdf", _pdf),
    "npz": FileKind("application/zip", _npz),
    "npy": FileKind("application/octet-stream", _npy),
    "zip": FileKind("application/zip", _zip),
    "tar": FileKind("application/x-tar", _tar),
    "safetensors": FileKind("application/octet-stream", _safetensors),
    "glb": FileKind("model/gltf-binary", lambda wish, seed, on_step: glb(NOTE)),
    "obj": FileKind("model/obj", lambda wish, seed, on_step: obj(NOTE).encode()),
}
"""What can be made, by the endings of names."""
