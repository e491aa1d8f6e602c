"""What every test gets: no token, no network beyond loopback, an emulator to talk to."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from tempfile import NamedTemporaryFile

import pytest
from sqlalchemy import Engine

from core.emulator import Emulator
from core.history.engines import bring_up_to_date, engine_for, sqlite_file
from core.logs import LOGGER_NAME
from core.settings import Settings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--take-screenshots",
        action="store_true",
        help="take README's pictures of the page anew",
    )


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings never reach a test, nor the `.env` beside the checkout."""
    for name in list(os.environ):
        is_ours = name.upper().startswith(("REPLICATE_", "PLAYGROUND_"))
        if is_ours or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(autouse=True)
def logs_of_its_own() -> Iterator[None]:
    """What `configure_logging` did in a test ends with it."""
    logger = logging.getLogger(LOGGER_NAME)
    yield
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A fresh embedded Replicate, a hundred times faster than the real one."""
    with Emulator(port=0, speed=100.0, rate_limits=False, faults=True) as emulator:
        yield emulator


@pytest.fixture(scope="session", autouse=True)
def quick_histories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new history is a copy of one that the migrations made: each time anew, they would take
    more of the tests' time than anything else. One that is there already is brought up to date.
    """
    empty = tmp_path_factory.mktemp("history") / "empty.db"
    engine = engine_for(f"sqlite:///{empty}")
    bring_up_to_date(engine)
    engine.dispose()

    def begin(engine: Engine) -> None:
        file = sqlite_file(engine)
        if file is None or file.exists():
            bring_up_to_date(engine)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent) as copy, suppress(FileExistsError):
            os.link(shutil.copyfile(empty, copy.name), file)  # unless another was quicker

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.history.access.bring_up_to_date", begin)
        yield
