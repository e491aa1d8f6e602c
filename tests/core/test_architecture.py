"""Imports point inward, and jobs are the app's only door to a create."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "core").rglob("*.py"))
PAGE = [ROOT / "app.py", *sorted((ROOT / "ui").rglob("*.py"))]
EMULATOR = [path for path in CORE if "emulator" in path.parts]
LIBRARY = [path for path in CORE if path not in EMULATOR and "migrations" not in path.parts]

ABOVE_THE_CLIENT = ("jobs", "history")
"""The packages of whoever knows of jobs, the history or the media store."""

CREATES = {"create_prediction", "run_model", "run_model_async", "stream_output"}


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, wherever in it: `core.client`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield module
                yield from (f"{module}.{name.name}" for name in names)
            case ast.ImportFrom():
                yield "a relative import"


def is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def offenders(paths: list[Path], *packages: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in paths
        for module in imports(path)
        if any(is_inside(module, package) for package in packages)
    ]


def test_there_is_something_to_look_at() -> None:
    assert len(LIBRARY) > 30
    assert len(EMULATOR) > 10
    assert len(PAGE) > 10


def test_imports_are_absolute() -> None:
    assert offenders([*CORE, *PAGE], "a relative import") == []


def test_core_knows_nothing_of_the_page() -> None:
    assert offenders(CORE, "gradio", "gradio_client", "fastapi", "ui", "app", "tests") == []


def test_only_the_tour_starts_the_emulator() -> None:
    others = [path for path in LIBRARY if path != ROOT / "core" / "__main__.py"]

    assert offenders(others, "core.emulator") == []


def test_the_emulator_shares_no_code_with_the_rest_of_core() -> None:
    strangers = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in EMULATOR
        for module in imports(path)
        if is_inside(module, "core") and not is_inside(module, "core.emulator")
        if module != "core"
    ]

    assert strangers == []


def part(*names: str) -> list[Path]:
    """Return the files of a package, or the file of a module."""
    place = ROOT.joinpath("core", *names)
    found = [path for path in LIBRARY if path.is_relative_to(place)]
    return found or [place.with_suffix(".py")]


def test_the_client_knows_nothing_of_jobs() -> None:
    core = ROOT / "core"
    above = [core / "__main__.py", *(core / name for name in ABOVE_THE_CLIENT)]
    below = [path for path in LIBRARY if not any(path.is_relative_to(one) for one in above)]

    assert core / "client" / "client.py" in below
    assert offenders(below, *(f"core.{name}" for name in ABOVE_THE_CLIENT)) == []


def test_the_history_knows_nothing_of_jobs() -> None:
    assert offenders(part("history"), "core.jobs", "core.client") == []


def test_downloads_know_nothing_of_the_client() -> None:
    assert offenders(part("downloads"), "core.client") == []


@pytest.mark.parametrize("name", ["backoff", "problems", "clock", "prediction", "errors"])
def test_what_everything_stands_on_knows_nothing_of_what_stands_on_it(name: str) -> None:
    above = ("client", "downloads", "jobs", "history")

    assert offenders(part(name), *(f"core.{one}" for one in above)) == []


def test_nothing_needs_the_official_package() -> None:
    """`PredictionFailed` is its `ModelError` too, for who has loaded it to catch that."""
    assert offenders([*CORE, *PAGE], "replicate") == []


def test_requests_are_made_by_one_http_library() -> None:
    assert offenders([*CORE, *PAGE], "httpx", "requests", "aiohttp", "urllib3") == []


def test_nothing_is_tried_again_but_by_the_one_policy() -> None:
    users = {path for path in CORE if offenders([path], "tenacity")}

    assert users == {ROOT / "core" / "backoff.py"}


def test_the_errors_need_nothing_else_of_core_to_be_loaded() -> None:
    tree = ast.parse((ROOT / "core" / "errors.py").read_text(encoding="utf-8"))

    # What stands below `if TYPE_CHECKING` is no statement of the module itself.
    loaded = [str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)]

    assert "typing" in loaded
    assert not [module for module in loaded if is_inside(module, "core")]


@pytest.mark.parametrize("path", PAGE, ids=lambda path: path.name)
def test_the_page_creates_predictions_by_jobs_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    # Any `x.run_model`, called or handed on; a handler of its own of that name is `self`'s.
    used = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in CREATES
        if not (isinstance(node.value, ast.Name) and node.value.id in {"self", "endpoints"})
    ]

    assert used == []
    assert offenders([path], "core.client.create", "core.client.blocking") == []
