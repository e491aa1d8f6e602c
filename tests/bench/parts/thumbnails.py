"""Small pictures: CPU time and memory against pyvips."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from PIL import Image

from core.history.probing import probe
from tests.bench.bench import Bench, load_average
from tests.bench.gauges import gauged
from tests.bench.rows import Curve, Row, at_most
from tests.bench.sides import Figures, compare, side

_NAMES = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP"}
_SIDE = 512


def rows(bench: Bench) -> Iterator[Row | Curve]:
    """Compare size by size and format by format, a file each time: pyvips remembers files."""
    sizes = bench.size(((512, 512), (1024, 1024), (2048, 2048), (4000, 3000)), ((512, 512),))
    times = bench.size(5, 1)
    encodings = bench.size(tuple(_NAMES), ("WEBP",))
    figures = {}
    for size in sizes:
        picture = a_picture(*size)
        for encoding in encodings:
            files = [bench.folder / f"{n}.{encoding.lower()}" for n in range(times + 1)]
            picture.save(files[0], encoding, quality=90)
            for file in files[1:]:
                shutil.copyfile(files[0], file)
            arguments = {"files": [str(file) for file in files]}
            figures[size, encoding] = compare(
                bench.rounds, ours=side(ours, **arguments), peer=side(by_pyvips, **arguments)
            )
    for (size, encoding), found in figures.items():
        if size not in {(1024, 1024), sizes[-1]}:
            continue
        what = f"thumbnail of a {_NAMES[encoding]} of {size[0]} × {size[1]}"
        for figure, unit, name, goal in (
            ("cpu_ms", "ms", "CPU time", at_most(1.1)),
            ("added_mb", "MB", "memory", at_most(1.25)),
        ):
            yield Row(
                f"{what}: {name}",
                found["ours"][figure],
                goal,
                peer=found["peer"][figure],
                unit=unit,
                against="pyvips",
                load=load_average(),
            )
    for encoding in encodings:
        yield Curve(
            f"A thumbnail of a {_NAMES[encoding]}",
            "megapixels",
            "ms of CPU",
            {
                name: [(w * h / 1e6, figures[(w, h), encoding][who]["cpu_ms"]) for w, h in sizes]
                for name, who in (("ours", "ours"), ("pyvips", "peer"))
            },
        )


def a_picture(width: int, height: int) -> Image.Image:
    """Return a picture with soft shapes and some grain, as models make them."""
    chance = Random(1)
    shapes = Image.frombytes("RGB", (64, 64), chance.randbytes(64 * 64 * 3))
    grain = Image.effect_noise((width, height), 24).convert("RGB")
    return Image.blend(shapes.resize((width, height), Image.Resampling.BICUBIC), grain, 0.3)


def ours(*, files: Sequence[str]) -> Figures:
    """As the media store makes them."""

    def make(file: Path, thumbnail: Path) -> None:
        found = probe(file, f"image/{file.suffix[1:]}")
        assert found.thumbnail is not None, found.problem
        thumbnail.write_bytes(found.thumbnail)

    return _measured(make, files)


def by_pyvips(*, files: Sequence[str]) -> Figures:
    """As pyvips's documentation shows it."""
    import pyvips

    def make(file: Path, thumbnail: Path) -> None:
        image = pyvips.Image.thumbnail(str(file), _SIDE)
        image.write_to_file(f"{thumbnail}[Q=80]")

    return _measured(make, files)


def _measured(make: Callable[[Path, Path], None], files: Sequence[str]) -> Figures:
    first, *others = (Path(file) for file in files)
    thumbnail = first.with_name(f"{os.getpid()}.thumbnail.webp")
    make(first, thumbnail)  # imports
    with gauged() as used:
        for file in others:
            make(file, thumbnail)
    with Image.open(thumbnail) as image:
        assert (image.format, max(image.size)) == ("WEBP", _SIDE)
    return {"cpu_ms": used.cpu / len(others) * 1000, "added_mb": used.added_mb}
