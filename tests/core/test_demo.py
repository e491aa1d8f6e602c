"""The tour: `python -m core` shows every method, makes its files and comes to its end."""

import inspect
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core import ReplicateClient
from core.__main__ import main

ROOT = Path(__file__).parents[2]


def test_the_tour_shows_every_method_and_makes_its_files_in_a_few_seconds(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "core", "--speed", "100", "--out", "made"]
    began = time.monotonic()

    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )

    seconds = time.monotonic() - began
    lines = [line.partition(" ")[0] for line in ended.stdout.splitlines()]
    methods = {
        name
        for name, method in inspect.getmembers(ReplicateClient, inspect.isfunction)
        if not name.startswith("_") and not name.endswith("_async") and name != "close"
    }
    assert (ended.returncode, ended.stderr) == (0, "")
    assert methods - set(lines) == set()
    assert {"run_model_async", "a"} < set(lines)
    made = tmp_path / "made"
    fox = made / "fox.webp"
    clips = {made / "scene.mp4", *(made / f"scene-{n}.mp4" for n in (1, 2, 3))}
    assert set(made.iterdir()) == clips | {fox}
    assert fox.read_bytes()[8:12] == b"WEBP"
    assert {clip.read_bytes()[4:12] for clip in clips} == {b"ftypisom"}
    assert str(made) in ended.stdout
    assert seconds < 60  # about ten on an idle machine, most of them for drawing frames


@pytest.mark.parametrize("speed", ["0", "-1", "fast"])
def test_a_speed_that_is_none_is_refused_in_one_sentence(
    speed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--speed", speed])

    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("python -m core: error: argument --speed:")
    assert "Traceback" not in said
