import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from replicate.exceptions import ModelError

from core.errors import (
    CreateUncertain,
    CreateWithdrawn,
    DownloadError,
    InputRejected,
    InvalidField,
    InvalidInput,
    PlaygroundError,
    PredictionFailed,
    PredictionTimeout,
    RateLimited,
    Unauthenticated,
)
from core.history.errors import ArchiveError
from core.history.frames import NoLastFrame
from core.history.media import KeyRefused
from core.jobs.errors import JobsClosed
from core.prediction import Prediction

FAILED = Prediction.from_json(
    {
        "id": "abc",
        "model": "acme/pictures",
        "status": "failed",
        "error": "E005",
        "logs": "step 1\n",
        "input": {"prompt": "a fox", "sizes": [1, {"a": None}]},
        "created_at": "2026-03-01T12:00:00Z",
        "unknown": {"to": "us"},
    }
)

EXAMPLES = [
    InvalidInput.of({"prompt": "prompt is None.", "size": "size is a set."}),
    InputRejected(
        status=422,
        title="Invalid",
        detail="no",
        headers={"x-request-id": "7"},
        invalid_fields=(InvalidField("input.size", "enum", "not one of them"),),
    ),
    RateLimited(status=429, headers={"retry-after": "3"}, retry_after_seconds=3.5),
    Unauthenticated(status=401, detail="no such token"),
    CreateUncertain(
        model="acme/pictures",
        input={"prompt": "a fox"},
        since=datetime(2026, 3, 1, tzinfo=UTC),
        is_unlisted=True,
    ),
    CreateWithdrawn(),
    PredictionFailed(FAILED),
    PredictionTimeout(FAILED, seconds=600.0),
    DownloadError("https://x.test/a.png", "It is gone."),
]

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    *(
        lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]

ROOT = Path(__file__).parents[2]


def every(kind: type[PlaygroundError] = PlaygroundError) -> Iterator[type[PlaygroundError]]:
    yield kind
    for narrower in kind.__subclasses__():
        if narrower.__module__.startswith("core."):
            yield from every(narrower)


def evidence(error: PlaygroundError) -> object:
    return type(error), str(error), error.args, vars(error)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_an_error_has_all_its_evidence(
    error: PlaygroundError, copied: Callable[[Any], Any]
) -> None:
    error = copy.deepcopy(error)
    error.add_note("while the fox was drawn")

    twin = copied(error)

    assert twin is not error
    assert evidence(twin) == evidence(error)
    assert twin.__notes__ == ["while the fox was drawn"]


@pytest.mark.parametrize("kind", dict.fromkeys(every()), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("copied", COPIES)
def test_whatever_core_raises_can_be_copied_and_pickled(
    kind: type[PlaygroundError], copied: Callable[[Any], Any]
) -> None:
    error = kind.__new__(kind, "What went wrong, and what to do.")
    vars(error).update(prediction=FAILED, detail={"a": [1]})

    assert evidence(copied(error)) == evidence(error)


def test_every_error_is_looked_at() -> None:
    kinds = set(every())

    assert len(kinds) > 30
    assert kinds > {InputRejected, ArchiveError, JobsClosed, KeyRefused, NoLastFrame}


def fail(error: PlaygroundError) -> None:
    raise error


def test_an_error_comes_out_of_another_process_as_itself() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        raised = [processes.submit(fail, error).exception() for error in EXAMPLES]

    for error, twin in zip(EXAMPLES, raised, strict=True):
        assert isinstance(twin, PlaygroundError)
        assert evidence(twin) == evidence(error)
        assert isinstance(twin, ModelError) == isinstance(error, PredictionFailed)


WITHOUT_PACKAGE = """
import pickle, sys
from core import PredictionFailed
from core.prediction import Prediction

failed = PredictionFailed(Prediction(id="p", model="m", version="v", status="failed"))
assert "replicate" not in sys.modules
from replicate.exceptions import ModelError

assert not isinstance(failed, ModelError)
late = PredictionFailed(failed.prediction)
again = pickle.loads(pickle.dumps(late))
for one in (late, again):
    assert isinstance(one, ModelError) and isinstance(one, PredictionFailed)
    assert (type(one).__name__, str(one)) == ("PredictionFailed", str(failed))
assert type(late) is type(again)
"""


def test_a_failure_is_the_official_packages_too_from_when_that_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_PACKAGE], cwd=ROOT, check=False)

    assert done.returncode == 0
