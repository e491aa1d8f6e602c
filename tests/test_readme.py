"""README says what is so: its settings, its commands, its pictures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from core import ReplicateClient, Settings
from core.emulator import Emulator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (`[A-Z_`a-z ]+`) \| (.*?) ?\| (.*) \|$", re.MULTILINE)


def _variables(field: FieldInfo) -> list[str]:
    assert isinstance(field.validation_alias, AliasChoices)
    return [str(name) for name in field.validation_alias.choices if str(name).isupper()]


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "your system's folder for application data"
    if field.default is None:
        return ""
    value = field.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_each_setting_stands_in_the_table_with_its_default_and_meaning() -> None:
    rows = {tuple(re.findall(r"[A-Z_]+", names)): (default, text) for names, default, text in
            _ROW.findall(README)}  # fmt: skip

    assert rows == {
        tuple(_variables(field)): (_default(field), field.description)
        for field in Settings.model_fields.values()
    }


def test_the_two_commands_stand_in_the_first_screen() -> None:
    first_screen = "\n".join(README.splitlines()[:25])

    install = "python3 -m venv .venv && .venv/bin/pip install -r"
    assert f"\n{install} requirements.txt && .venv/bin/python app.py\n" in first_screen
    assert f"\n{install} tests/requirements.txt && .venv/bin/python -m pytest\n" in first_screen


@pytest.mark.parametrize("target", re.findall(r"\]\(((?!http)[^)#]+)\)", README))
def test_what_it_links_to_is_there(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("folder", re.findall(r"^\| `([a-z./]+)` \|", README, re.MULTILINE))
def test_the_layout_names_what_is_there(folder: str) -> None:
    assert (ROOT / folder).exists()


@pytest.mark.parametrize("test", re.findall(r"^\| .* \| `(tests/[^`]+)` \|$", README, re.MULTILINE))
def test_each_promise_has_the_test_that_it_names(test: str) -> None:
    file, _, name = test.partition("::")

    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.M)


def test_its_example_runs(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    settings = Settings(base_url=emulator.url, replicate_api_token="any")  # type: ignore[arg-type]

    with ReplicateClient(settings) as client:
        monkeypatch.setattr("core.get_replicate_client", lambda: client)
        exec(example, {})

    assert (tmp_path / "out/fox.webp").stat().st_size > 0


def test_help_does_not_wait_for_gradio() -> None:
    """The modules that take seconds aren't imported before the arguments are read."""
    asked = [sys.executable, "-X", "importtime", "app.py", "--help"]

    finished = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)

    imported = {line.rpartition("|")[2].strip() for line in finished.stderr.splitlines()}
    assert "--no-browser" in finished.stdout
    assert not {"gradio", "pydantic", "httpx2", "core", "sqlalchemy"} & imported
