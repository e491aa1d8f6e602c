"""The account of what was asked for, what Replicate did, and what the history holds."""

import hashlib
import json
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.emulator import Emulator
from core.history.media import MediaStore
from core.history.records import Job, State


@dataclass(frozen=True)
class Account:
    """What the account came to; `mistakes` is empty when nothing was lost and nothing doubled.

    Attributes:
        runs: how many were asked for.
        predictions: how many Replicate made.
        states: how many jobs ended how.
        doubled: predictions that nobody asked for.
        unclaimed: predictions that no job has, and that an uncertain one may have been charged for.
        lost: predictions that succeeded and whose results aren't in the history.
        mistakes: all that is wrong, in words.
    """

    runs: int
    predictions: int
    states: Mapping[str, int]
    doubled: int
    unclaimed: int
    lost: int
    mistakes: Sequence[str]

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.runs} runs, {self.predictions} predictions ({states}); "
            f"{self.lost} lost, {self.doubled} doubled, {self.unclaimed} unclaimed"
        )


def draw_up(emulator: Emulator, jobs: Sequence[Job], media: MediaStore) -> Account:
    """Compare the emulated Replicate's predictions with the history, byte for byte."""
    predictions = {one["id"]: one for one in emulator.predictions}
    by_id = {job.prediction_id: job for job in jobs if job.prediction_id is not None}
    mistakes = [f"{job.id} is still {job.state}" for job in jobs if not job.state.is_settled]
    linked = [job.prediction_id for job in jobs if job.prediction_id is not None]
    mistakes += [f"{twice} is two jobs'" for twice, n in Counter(linked).items() if n > 1]
    mistakes += [f"{strange} isn't on the server" for strange in by_id.keys() - predictions.keys()]

    # A prediction that is in no job must be one that an uncertain job may have been charged for.
    open_to = Counter(_asked(job) for job in jobs if job.state is State.UNCERTAIN)
    doubled = unclaimed = 0
    for prediction in predictions.values():
        if prediction["id"] in by_id:
            continue
        if open_to[_ordered(prediction)] > 0:
            open_to[_ordered(prediction)] -= 1
            unclaimed += 1
        else:
            doubled += 1
    if doubled:
        mistakes.append(f"{doubled} predictions that nobody asked for")

    lost = 0
    for prediction in predictions.values():
        job = by_id.get(prediction["id"])
        if job is not None and prediction["status"] == "succeeded":
            wrong = _difference(prediction, job, media)
            lost += wrong is not None
            if wrong is not None:
                mistakes.append(f"{job.id} ({job.model}, {job.state}): {wrong}")
    mistakes += [f"{path} was left" for path in _left_over(media.root, jobs)]
    return Account(
        runs=len(jobs),
        predictions=len(predictions),
        states=Counter(job.state.value for job in jobs),
        doubled=doubled,
        unclaimed=unclaimed,
        lost=lost,
        mistakes=mistakes,
    )


def _difference(prediction: Mapping[str, Any], job: Job, media: MediaStore) -> str | None:
    """Return what differs between a succeeded prediction and its job; None when nothing does."""
    output = prediction["output"]
    if job.state is not State.SUCCEEDED:
        return f"it succeeded on the server ({job.error})"
    if job.model.endswith("painter"):
        served = [_sha256(_fetched(url)) for url in output]
        kept = [_sha256(media.path(file.key).read_bytes()) for file in job.files]
        if served != kept or served != [file.sha256 for file in job.files]:
            return "its files differ"
    elif job.model.endswith("writer"):
        if job.text != "".join(output):
            return f"its text differs: {job.text!r}"
    elif job.output != output:
        return f"its output differs: {job.output}"
    return None


def _left_over(root: Path, jobs: Sequence[Job]) -> list[str]:
    known = {file.key for job in jobs for file in job.files}
    known |= {file.thumbnail_key for job in jobs for file in job.files if file.thumbnail_key}
    return [
        key
        for path in root.rglob("*")
        if path.is_file() and (key := path.relative_to(root).as_posix()) not in known
    ]


def _asked(job: Job) -> str:
    return json.dumps([job.model, job.input], sort_keys=True)


def _ordered(prediction: Mapping[str, Any]) -> str:
    return json.dumps([prediction["model"], prediction["input"]], sort_keys=True)


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        return bytes(answer.read())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
