"""Draws how costs grow: small multiples, a panel for each curve."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from math import ceil, log10
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tests.bench.rows import Curve

_COLUMNS = 3
_PANEL_INCHES = (4.4, 3.4)
_DOTS_PER_INCH = 150

_OURS = ("#1668b8", "#0b3a6b", "#5aa2e0", "#14919b", "#8fc1ea")
"""Blues: the first is ours beside others; the rest are for panels of nothing but ours."""

_PEERS = ("#d1622b", "#7a7f87", "#a3487f", "#b8962e", "#6b4c3b", "#d98f8f")
"""The colours of whom we are compared with, in the order in which they are named."""


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Draw the curves into a PNG, as wide as a README shows it.

    Lines `ours …` are blue; a peer has one colour in all panels. In a panel without any, all are
    ours.
    An axis along which something grows by a decade or more is logarithmic.
    """
    curves = [curve for curve in curves if any(curve.lines.values())]
    columns = min(_COLUMNS, max(1, len(curves)))
    lines = max(1, ceil(len(curves) / columns))
    width, height = _PANEL_INCHES
    figure = Figure((columns * width, lines * height), layout="constrained")
    FigureCanvasAgg(figure)
    peers = _peer_colours(curves)
    for number, curve in enumerate(curves, 1):
        _panel(figure.add_subplot(lines, columns, number), curve, peers)
    figure.savefig(path, dpi=_DOTS_PER_INCH, facecolor="white")


def _peer_colours(curves: Sequence[Curve]) -> dict[str, str]:
    """Return each peer's colour."""
    peers = dict.fromkeys(peer for curve in curves for peer in _peers(curve))
    return dict(zip(peers, cycle(_PEERS), strict=False))


def _peers(curve: Curve) -> Sequence[str]:
    others = [name for name in curve.lines if not name.startswith("ours")]
    return others if len(others) < len(curve.lines) else ()


def _panel(axes: Axes, curve: Curve, peers: Mapping[str, str]) -> None:
    blues = cycle(_OURS)
    for name, points in curve.lines.items():
        if not points:
            continue
        across, up = zip(*sorted(points), strict=True)
        is_peer = name in _peers(curve)
        axes.plot(
            across,
            up,
            label=name,
            color=peers[name] if is_peer else next(blues),
            linewidth=1.8 if is_peer else 2.6,
            marker="o",
            markersize=5,
            zorder=2 if is_peer else 3,
        )
    points = [point for line in curve.lines.values() for point in line]
    for axis, scale, values in (
        (axes.xaxis, axes.set_xscale, [x for x, _ in points]),
        (axes.yaxis, axes.set_yscale, [y for _, y in points]),
    ):
        decades = log10(max(values) / min(values)) if min(values) > 0 else 0
        if decades >= 1:
            scale("log")
            # Between the powers of ten too, where there are few of them.
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 3 else (1,)))
            axis.set_minor_formatter(NullFormatter())
        elif axis is axes.yaxis:
            room_for_legend = 1 - 0.1 * min(len(curve.lines), 6)
            axes.set_ylim(0, 1.05 * (max(values) or 1) / room_for_legend)
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_title(curve.title, loc="left", fontsize=14, fontweight="bold")
    axes.set_xlabel(curve.across, fontsize=12)
    axes.set_ylabel(curve.up, fontsize=12)
    axes.tick_params(labelsize=11)
    axes.grid(color="#e3e6ea", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=11)
