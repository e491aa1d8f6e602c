"""What an end means for a job: its state, its sentence, and whether it is charged. Pure.

Charges are Replicate's (docs, prediction lifecycle): what was cancelled is charged, what was
aborted isn't; of what failed they say nothing, so that isn't known here either.
"""

from dataclasses import dataclass

from core.errors import (
    CreateUncertain,
    CreateWithdrawn,
    InputRejected,
    InvalidField,
    PlaygroundError,
    PredictionAborted,
    PredictionCanceled,
    PredictionTimeout,
)
from core.history.archive import Changes
from core.history.records import State
from core.prediction import Prediction

TOLD_SECONDS = 3600.0
"""So long Replicate tells what a prediction was made of (Replicate docs)."""


@dataclass(frozen=True)
class Ending:
    """How a job ends, and what is recorded with that."""

    state: State
    changes: Changes
    invalid_fields: tuple[InvalidField, ...] = ()


def facts_of(prediction: Prediction) -> Changes:
    """Return what a prediction tells for the record; what was deleted by now changes nothing."""
    facts: Changes = {"metrics": dict(prediction.metrics)}
    if prediction.version:
        facts["version"] = prediction.version
    if prediction.started_at is not None:
        facts["started_at"] = prediction.started_at
    if prediction.completed_at is not None:
        facts["ended_at"] = prediction.completed_at
    if not prediction.data_removed:
        facts["output"] = prediction.output
        facts["logs"] = prediction.logs
    return facts


def by_error(
    error: PlaygroundError,
    prediction: Prediction | None,
    *,
    was_stopped: bool,
    age_seconds: float,
) -> Ending:
    """Return how a job ends that an error ends.

    Args:
        error: what was raised.
        prediction: as last seen; None when it wasn't created.
        was_stopped: somebody asked for that here.
        age_seconds: how long ago the job was asked for.
    """
    sentence = str(error)
    match error:
        case CreateWithdrawn():
            return Ending(State.CANCELED, {"charged": False})
        case CreateUncertain():
            lost = _uncertain(error, age_seconds)
            return Ending(State.UNCERTAIN, {"charged": None, "error": lost})
        case PredictionCanceled() | PredictionTimeout():
            says_why = isinstance(error, PredictionTimeout) and not was_stopped
            facts = facts_of(error.prediction)
            why = sentence if says_why else None
            return Ending(State.CANCELED, {**facts, "charged": True, "error": why})
        case PredictionAborted():
            facts = facts_of(error.prediction)
            return Ending(State.ABORTED, {**facts, "charged": False, "error": sentence})
        case InputRejected() if prediction is None:
            changes: Changes = {"charged": False, "error": sentence}
            return Ending(State.FAILED, changes, error.invalid_fields)
    if prediction is None:
        return Ending(State.FAILED, {"charged": False, "error": sentence})
    return Ending(State.FAILED, {**facts_of(prediction), "charged": None, "error": sentence})


def _uncertain(error: CreateUncertain, age_seconds: float) -> str:
    lost = "May have been charged: it was sent, its answer was lost, and"
    if not error.is_unlisted:
        reason = f" {error.__cause__}" if isinstance(error.__cause__, PlaygroundError) else ""
        return f"{lost} Replicate can't be asked whether it was started.{reason}"
    if age_seconds > TOLD_SECONDS:
        return f"{lost} after an hour Replicate no longer tells what was run."
    return f"{lost} Replicate lists no prediction for it."


def by_crash(error: Exception, *, was_sent: bool) -> Ending:
    """Return how a job ends that a mistake in the playground itself ends."""
    sentence = f"The playground made a mistake ({type(error).__name__}); its log says more."
    return Ending(State.FAILED, {"charged": None if was_sent else False, "error": sentence})


def deleted(prediction: Prediction) -> Ending:
    """Return how a job ends whose outputs Replicate has deleted before they were here."""
    error = "Replicate has deleted this result before it was here: it keeps them for one hour."
    return Ending(State.EXPIRED, {**facts_of(prediction), "charged": True, "error": error})
