"""What a caller gives beside the input, checked before anything is sent."""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.prediction import Prediction

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
_HEADER_VALUE = re.compile(r"[\t -~]*")


def prediction_id(prediction: Any) -> str:
    """Return the id of a prediction that is given as itself or by its id.

    Raises:
        InvalidInput: it is neither.
    """
    named = prediction.id if isinstance(prediction, Prediction) else prediction
    if not isinstance(named, str) or not named.strip():
        raise InvalidInput("Give a prediction, or its id as text.", field="prediction")
    return named


def seconds(value: Any, *, name: str = "timeout") -> float:
    """Return a time in seconds, which may be infinite.

    Raises:
        InvalidInput: it is no number, or not more than 0.
    """
    try:
        number = math.nan if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not number > 0:
        raise InvalidInput(f"{name} is {value!r}: it is seconds, more than 0.", field=name)
    return number


def whole_number(value: Any, *, name: str, least: int, most: int) -> int:
    """Return a whole number within bounds.

    Raises:
        InvalidInput: it isn't one.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidInput(
            f"{name} is {value!r}: it is a whole number from {least} to {most}.", field=name
        )
    return value


def text(value: Any, *, name: str) -> str:
    """Return a text.

    Raises:
        InvalidInput: it is none.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{name} is {value!r}: it is a text.", field=name)
    return value


def file_path(value: Any, *, name: str = "path") -> Path:
    """Return the path of a file or folder to be written.

    Raises:
        InvalidInput: it is none, or no system has such a path.
    """
    try:
        path = Path(value)
        if b"\0" not in os.fsencode(path):
            return path
    except (TypeError, UnicodeEncodeError):
        pass
    raise InvalidInput(f"{name} is {value!r}, which can't be a file's path.", field=name)


def headers(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers to be sent along.

    Raises:
        InvalidInput: one of them can't be sent.
    """
    for name, value in given.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise InvalidInput(f"{name!r} can't be a header's name.", field="headers")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidInput(
                f"The header {name} can't be sent: its value is one line of ASCII text.",
                field="headers",
            )
    return given
