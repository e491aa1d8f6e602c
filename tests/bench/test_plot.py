"""The plot is a PNG of small multiples, whatever the curves are."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.bench.rows import Curve

GROWING = [(100, 1.5), (1_000, 14.0), (100_000, 900.0)]
FLAT = [(1, 10.0), (2, 11.0), (3, 10.5)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_every_curve_has_its_panel(tmp_path: Path, count: int) -> None:
    from tests.bench.plot import draw

    curves = [
        Curve(f"Curve {n}", "runs", "ms", {"ours": GROWING, "peer": FLAT}) for n in range(count)
    ]

    draw(curves, tmp_path / "plot.png")

    with Image.open(tmp_path / "plot.png") as image:
        width, height = image.size
    assert image.format == "PNG"
    assert (width // 660, height // 510) == (min(3, count), -(-count // 3))


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"ours": []},
        {"ours": [(1, 0.0)]},
        {"ours": [(0, 0.0), (10, 1_000.0)]},
        {"ours": FLAT, "peer": []},
        {f"search {n}": FLAT for n in range(8)},
    ],
)
def test_odd_curves_are_drawn_too(
    tmp_path: Path, lines: dict[str, list[tuple[float, float]]]
) -> None:
    from tests.bench.plot import draw

    draw([Curve("Odd", "runs", "ms", lines)], tmp_path / "plot.png")

    with Image.open(tmp_path / "plot.png") as image:
        image.load()


def test_a_peer_has_one_colour_in_all_panels_and_ours_is_blue() -> None:
    from tests.bench.plot import _peer_colours, _peers

    curves = [
        Curve("First", "runs", "ms", {"ours": FLAT, "replicate": FLAT}),
        Curve("Second", "runs", "ms", {"httpx": FLAT, "ours, blocking": FLAT, "replicate": FLAT}),
        Curve("Ours alone", "runs", "ms", {"search": FLAT, "models": FLAT}),
    ]

    colours = _peer_colours(curves)

    assert list(colours) == ["replicate", "httpx"]
    assert len(set(colours.values())) == 2
    assert _peers(curves[2]) == ()


def test_no_figure_is_left_open() -> None:
    from tests.bench.plot import draw  # noqa: F401 # imports what it draws by

    assert "matplotlib.pyplot" not in sys.modules
