from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.client.matching import CreateRequest, is_since, matches
from core.models.names import ModelName
from core.prediction import Prediction

DATA = "data:image/png;base64,AAAA"
UPLOADED = "https://api.replicate.com/v1/files/abc"
STORED = "https://replicate.delivery/pbxt/abc/fox.png"


def request(given: Any, *, name: str = "acme/pictures", unknown: Any = ()) -> CreateRequest:
    return CreateRequest(
        model=ModelName.parse(name),
        path="/v1/models/acme/pictures/predictions",
        body={"input": given},
        headers={},
        extra_seconds=0,
        unknown=frozenset(unknown),
    )


def prediction(given: Any, *, model: str = "acme/pictures") -> Prediction:
    return Prediction(id="p", model=model, version="hidden", status="starting", input=given)


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ({}, {}),
        ({"a": 1, "b": "x"}, {"b": "x", "a": 1}),
        ({"strength": 1}, {"strength": 1.0}),
        ({"seed": None}, {}),
        ({}, {"seed": None}),
        ({"image": DATA}, {"image": DATA}),
        ({"image": STORED}, {"image": DATA}),
        ({"image": UPLOADED}, {"image": DATA}),
        ({"image": UPLOADED}, {"image": UPLOADED}),
        ({"image": STORED}, {"image": UPLOADED}),
        (
            {"image": "http://127.0.0.1:8600/v1/files/x"},
            {"image": "http://127.0.0.1:8600/v1/files/x"},
        ),
        ({"image": STORED}, {"image": Path("fox.png")}),
        ({"image": DATA}, {"image": Path("fox.png")}),
        ({"images": [STORED, DATA]}, {"images": [DATA, DATA]}),
        ({"options": {"image": STORED, "deep": [1]}}, {"options": {"image": DATA, "deep": [1.0]}}),
        ({"images": ["x"]}, {"images": ("x",)}),
    ],
)
def test_the_same_input_may_be_listed_in_another_way(listed: Any, sent: Any) -> None:
    assert matches(prediction(listed), request(sent))


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": True}),
        ({"a": 0}, {"a": None}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"b": 1}),
        ({"image": "data:image/png;base64,BBBB"}, {"image": DATA}),
        ({"image": "https://api.replicate.com/v1/files/other"}, {"image": UPLOADED}),
        ({"image": "a fox"}, {"image": DATA}),
        ({"image": "a fox"}, {"image": Path("fox.png")}),
        ({"image": STORED}, {"image": "https://example.com/fox.png"}),
        ({"prompt": STORED}, {"prompt": "a fox"}),
        ({"images": [DATA]}, {"images": [DATA, DATA]}),
        ({"images": "x"}, {"images": ["x"]}),
    ],
)
def test_another_input_never_matches(listed: Any, sent: Any) -> None:
    assert not matches(prediction(listed), request(sent))


def test_a_name_matches_however_it_is_written() -> None:
    assert matches(prediction({}), request({}, name="Acme/Pictures"))
    assert not matches(prediction({}, model="acme/other"), request({}))


def test_fields_that_arent_known_any_more_match_everything() -> None:
    assert matches(prediction({"key": "a", "n": 1}), request({"n": 1}, unknown=["key"]))


@pytest.mark.parametrize(
    "given", [{"image": DATA}, {"image": Path("fox.png")}, {"image": UPLOADED, "seed": None}]
)
def test_creates_that_may_be_taken_for_each_other_have_one_fingerprint(given: Any) -> None:
    other = {"image": "data:image/png;base64,BBBB"}

    assert request(given).fingerprint == request(other).fingerprint


def test_other_creates_have_another_fingerprint() -> None:
    assert request({"seed": 1}).fingerprint != request({"seed": 2}).fingerprint
    assert request({"seed": 1}).fingerprint == request({"seed": 1.0}).fingerprint


def test_a_prediction_of_unknown_age_is_not_taken_for_a_new_one() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    old = Prediction(
        id="p", model="m", version="v", status="starting", created_at=now - timedelta(seconds=1)
    )

    assert not is_since(prediction({}), now)
    assert not is_since(old, now)
    assert is_since(old, now - timedelta(seconds=2))
    assert is_since(prediction({}), None)
