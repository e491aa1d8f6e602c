"""The benchmarks run: as little of each as shows it, the slow ones by `-m long`."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.bench.__main__ import part_names
from tests.bench.sides import ROOT

QUICK = ("run", "history", "thumbnails")
"""Those that take less than 3 s."""

SECONDS = 110


def smoke(tmp_path: Path, parts: Sequence[str]) -> tuple[str, list[dict[str, object]]]:
    """Run benchmarks as little as possible; return what was printed, and the rows."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.bench", *parts, "--smoke", "--rounds", "1"),
            *("--json", str(tmp_path / "rows.json"), "--plot", str(tmp_path / "plot.png")),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    with Image.open(tmp_path / "plot.png") as image:
        image.load()
    assert image.format == "PNG"
    document = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert f"{os.cpu_count()} cores" in document["machine"]
    return done.stdout, document["rows"]


def test_the_quick_ones_run(tmp_path: Path) -> None:
    printed, rows = smoke(tmp_path, QUICK)

    metrics = {str(row["metric"]) for row in rows}
    assert len(metrics) == len(rows) > len(QUICK)
    assert all(f"| {metric}" in printed for metric in metrics)
    assert any("run and download" in metric for metric in metrics)
    assert any("search" in metric for metric in metrics)
    assert any("WebP" in metric for metric in metrics)


@pytest.mark.long
@pytest.mark.parametrize("part", [name for name in part_names() if name not in QUICK])
def test_every_other_runs(tmp_path: Path, part: str) -> None:
    _, rows = smoke(tmp_path, [part])

    assert rows


def test_an_unknown_part_is_refused_with_those_that_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "unheard-of"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert all(name in done.stderr for name in ("unheard-of", *part_names()))


def test_collecting_the_tests_imports_no_matplotlib() -> None:
    says = (
        "import sys, pytest; pytest.main(['--collect-only', '-q', '-n', '0', 'tests/bench']); "
        "print('matplotlib' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", says], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "False"
    assert "parts/" not in done.stdout
