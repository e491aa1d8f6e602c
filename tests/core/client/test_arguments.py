"""What a caller gives beside the input is checked: one sentence, and nothing is sent."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import InvalidInput, ReplicateClient
from core.emulator import Emulator
from tests.core.parts import settings_for
from tests.core.talkers import SAYS

Use = Callable[[ReplicateClient], Any]

URL = "http://127.0.0.1:9/x.png"
GIVEN: dict[str, Any] = {"tokens": ["a"]}

REFUSED: dict[str, Use] = {
    "no prediction": lambda client: client.get_prediction(None),  # type: ignore[arg-type]
    "no id": lambda client: client.cancel_prediction(""),
    "a number as an id": lambda client: client.wait_for_prediction(7),  # type: ignore[arg-type]
    "no past run": lambda client: client.get_past_run(None),  # type: ignore[arg-type]
    "not a time": lambda client: client.run_model(SAYS, GIVEN, timeout=math.nan),
    "a time as text": lambda client: client.run_model(SAYS, GIVEN, timeout="5"),  # type: ignore[arg-type]
    "a time before now": lambda client: client.wait_for_prediction("x", timeout=-1),
    "an endless wait": lambda client: client.create_prediction(
        SAYS,
        GIVEN,
        wait_seconds=math.inf,  # type: ignore[arg-type]
    ),
    "too long a wait": lambda client: client.create_prediction(SAYS, GIVEN, wait_seconds=61),
    "no attempts": lambda client: client.with_options(max_retries=0),
    "no query": lambda client: client.search(None),  # type: ignore[arg-type]
    "no collection": lambda client: client.get_collection(None),  # type: ignore[arg-type]
    "no path": lambda client: client.download_output(URL, None),  # type: ignore[arg-type]
    "a path with a NUL": lambda client: client.download_output(URL, "a\0b.png"),
    "half a character": lambda client: client.download_output(URL, "a\ud800.png"),
    "partials with a NUL": lambda client: client.download_output(URL, "a.png", partials="p\0"),
    "a file with a NUL": lambda client: client.download_file(URL, Path("a\0b.png")),
    "an upload with a NUL": lambda client: client.upload_file("a\0b"),
    "two lines in a header": lambda client: client.with_options(headers={"X": "a\nb"}),
    "a header that isn't ASCII": lambda client: client.with_options(headers={"X": "€"}),
    "no header's name": lambda client: client.with_options(headers={"a b": "c"}),
}


@pytest.mark.parametrize("use", REFUSED.values(), ids=REFUSED)
def test_what_cant_be_is_refused_in_one_sentence_before_anything_is_sent(
    use: Use, small_emulator: Emulator
) -> None:
    with (
        ReplicateClient(settings_for(small_emulator.url)) as client,
        pytest.raises(InvalidInput) as caught,
    ):
        use(client)

    assert str(caught.value).endswith((".", ")."))
    assert "\n" not in str(caught.value)
    assert small_emulator.requests == []


def test_a_time_may_be_infinite_and_an_event_be_given_by_itself(small_emulator: Emulator) -> None:
    with ReplicateClient(settings_for(small_emulator.url)) as client:
        output = client.run_model("acme/pictures", {"prompt": "a"}, timeout=math.inf)
        made = client.create_prediction(
            "acme/pictures", {"prompt": "b"}, webhook=URL, webhook_events_filter="completed"
        )

    assert len(output) == 1
    assert made.id
