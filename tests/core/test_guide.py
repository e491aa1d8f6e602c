"""The library's guide says what is so: its examples run, its names, links and options exist."""

import importlib.util
import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import AliasChoices

import core
from core import AsyncReplicateClient, ReplicateClient, Settings, reset_replicate_client
from core.emulator import Emulator, Fault
from core.emulator.runner import Context, Step, Token
from tests.core.serving import served
from tests.core.talkers import QUICK_MODELS
from tests.core.waiting import is_canceled, until_blocking

ROOT = Path(__file__).parents[2]
PATH = ROOT / "core" / "README.md"
GUIDE = PATH.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An empty folder, and an environment that knows an emulator of quick models."""
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=QUICK_MODELS) as emulator:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("REPLICATE_BASE_URL", emulator.url)
        monkeypatch.setenv("REPLICATE_API_TOKEN", "anything")
        reset_replicate_client()
        yield emulator
        reset_replicate_client()


def test_its_examples_run_in_order(environment: Emulator) -> None:
    names: dict[str, Any] = {}

    for number, block in enumerate(blocks("python"), start=1):
        exec(compile(block, f"block {number} of {PATH.name}", "exec"), names)

    assert len(blocks("python")) >= 9
    assert "fields" in names
    assert len(environment.predictions) == 10


def the_service() -> Any:
    """Return the FastAPI app of the guide."""
    [block] = [one for one in blocks("python") if "lifespan" in one]
    names: dict[str, Any] = {}
    exec(f"from fastapi import FastAPI\n{block}", names)
    return names["service"]


def test_its_service_streams_an_answer(environment: Emulator) -> None:
    with served(the_service()) as origin:
        answer = httpx2.get(f"{origin}/ask", params={"question": "Name three winds."})

    [prediction] = environment.predictions
    assert answer.text == "".join(prediction["output"])
    assert answer.headers["content-type"].startswith("text/plain")


async def _talk_for_ever(_: Mapping[str, Any], context: Context) -> AsyncIterator[Step]:
    while True:
        yield Token("and ")
        await context.sleep(1)


def test_who_leaves_its_service_cancels_the_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    runners = [replace(one, run=_talk_for_ever) for one in QUICK_MODELS]
    with Emulator(port=0, speed=100.0, runners=runners) as emulator:
        monkeypatch.setenv("REPLICATE_BASE_URL", emulator.url)
        monkeypatch.setenv("REPLICATE_API_TOKEN", "anything")

        with served(the_service()) as origin:
            with httpx2.stream("GET", f"{origin}/ask", params={"question": "?"}) as answer:
                first = next(answer.iter_text())
            until_blocking(lambda: is_canceled(emulator))

    assert first.startswith("and ")


def test_its_reference_names_every_method_with_real_arguments() -> None:
    calls = re.findall(r"`(\w+)\(([^`]*)\)`", section("Reference"))
    table = {name: re.findall(r"\w+", given.replace("=…", "")) for name, given in calls}

    public = {name for name, _ in inspect.getmembers(ReplicateClient, inspect.isfunction)}
    expected = {name for name in public if not name.startswith("_") and not name.endswith("_async")}
    assert set(table) - {"aclose"} == expected
    for name, given in table.items():
        method = getattr(AsyncReplicateClient, "aclose" if name == "close" else name)
        parameters = {*inspect.signature(method).parameters, "id"}
        assert set(given) <= parameters, name


def test_the_errors_and_values_it_names_exist() -> None:
    named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*)`", GUIDE))

    assert {name for name in named if not hasattr(core, name)} - {"Fault", "Path", "Date"} == set()
    assert len(named) > 20


def test_the_settings_it_names_exist() -> None:
    named = set(re.findall(r"\b(?:REPLICATE|PLAYGROUND)_[A-Z_]+\b", GUIDE))

    known = {
        str(name)
        for one in Settings.model_fields.values()
        if isinstance(one.validation_alias, AliasChoices)
        for name in one.validation_alias.choices
    }
    assert named <= known
    assert len(named) > 3


def test_its_table_of_faults_is_complete() -> None:
    rows = re.findall(r"^\| (`.*?) \|", section("Testing against the emulator"), re.MULTILINE)

    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert named == {one.name for one in fields(Fault)}


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", GUIDE)

    for link in links:
        file, _, anchor = link.partition("#")
        target = PATH.parent / file if file else PATH
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link
    assert len(links) > 10


@pytest.mark.parametrize("block", blocks("sh"))
def test_its_commands_are_real(block: str) -> None:
    subprocess.run(["bash", "-n"], input=block, text=True, check=True)
    commands = [shlex.split(line) for line in block.splitlines() if line.startswith("python")]

    for _, flag, module, *options in commands:
        said = subprocess.run(
            [sys.executable, flag, module, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert importlib.util.find_spec(module) is not None
        assert [one for one in options if one.startswith("--") and one not in said] == []
    assert commands


@pytest.mark.parametrize(
    "title",
    [
        "Reference",
        "When something goes wrong",
        "In your service",
        "Good practice",
        "Testing against the emulator",
        "Troubleshooting",
    ],
)
def test_it_has_every_part_that_a_guide_needs(title: str) -> None:
    assert len(section(title).split()) > 80


def test_its_tables_are_whole() -> None:
    """Each row has as many cells as its head."""
    for table in re.findall(r"(?:^\|.*\|\n)+", GUIDE, re.MULTILINE):
        cells = {re.sub(r"`[^`]*`", "", row).count("|") for row in table.splitlines()}
        assert len(cells) == 1, table
