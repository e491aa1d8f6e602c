"""Whatever names a model, a prediction or a collection is understood, and nothing else is."""

import pytest

from core.errors import InvalidInput
from core.models.references import (
    CollectionReference,
    ModelReference,
    PredictionReference,
    read_reference,
)

VERSION = "0123456789abcdef" * 4
PREDICTION = "gm3qorzdhgbfurvjtvhg6dckhu"

FOX = ModelReference("acme/fox-1.1")
PINNED = ModelReference(f"acme/fox-1.1:{VERSION}")


@pytest.mark.parametrize(
    "text",
    [
        "acme/fox-1.1",
        "  acme/fox-1.1\n",
        '"acme/fox-1.1"',
        "“acme/fox-1.1”",
        "`acme/fox-1.1`",
        "acme/fox-1.1/",
        "https://replicate.com/acme/fox-1.1",
        "https://replicate.com/acme/fox-1.1/",
        "http://www.replicate.com/acme/fox-1.1",
        "HTTPS://Replicate.com/acme/fox-1.1",
        "replicate.com/acme/fox-1.1",
        "<https://replicate.com/acme/fox-1.1>",
        "https://replicate.com/acme/fox-1.1/api",
        "https://replicate.com/acme/fox-1.1/api/learn-more",
        "https://replicate.com/acme/fox-1.1/examples",
        "https://replicate.com/acme/fox-1.1/versions",
        "https://replicate.com/acme/fox-1.1/readme?input=python#top",
        "https://replicate.com/acme/fox-1.1?input=http",
        "https://replicate.com/acme/fox-1.1#examples",
        "https://api.replicate.com/v1/models/acme/fox-1.1",
        "https://api.replicate.com/v1/models/acme/fox-1.1/predictions",
        "api.replicate.com/v1/models/acme/fox-1.1/versions",
        "r8.im/acme/fox-1.1",
    ],
)
def test_a_model_is_read_from_its_name_and_from_its_addresses(text: str) -> None:
    assert read_reference(text) == FOX


@pytest.mark.parametrize(
    "text",
    [
        f"acme/fox-1.1:{VERSION}",
        f"https://replicate.com/acme/fox-1.1:{VERSION}",
        f"https://replicate.com/acme/fox-1.1/versions/{VERSION}",
        f"https://replicate.com/acme/fox-1.1/versions/{VERSION}/api",
        f"replicate.com/acme/fox-1.1/versions/{VERSION}?x=1#y",
        f"https://api.replicate.com/v1/models/acme/fox-1.1/versions/{VERSION}",
        f"r8.im/acme/fox-1.1@sha256:{VERSION}",
        f"https://r8.im/acme/fox-1.1@sha256:{VERSION}",
    ],
)
def test_a_version_of_a_model_is_read(text: str) -> None:
    assert read_reference(text) == PINNED


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (VERSION, VERSION),
        ("deployments/acme/foxes", "deployments/acme/foxes"),
        ("https://replicate.com/deployments/acme/foxes", "deployments/acme/foxes"),
        ("https://api.replicate.com/v1/deployments/acme/foxes", "deployments/acme/foxes"),
    ],
)
def test_a_bare_version_and_a_deployment_are_read(text: str, model: str) -> None:
    assert read_reference(text) == ModelReference(model)


@pytest.mark.parametrize(
    "text",
    [
        f"https://replicate.com/p/{PREDICTION}",
        f"replicate.com/p/{PREDICTION}/",
        f"https://replicate.com/acme/fox-1.1?prediction={PREDICTION}",
        f"https://replicate.com/acme/fox-1.1?input=form&prediction={PREDICTION}#output",
        f"https://replicate.com/acme/fox-1.1/versions/{VERSION}?prediction={PREDICTION}",
        f"https://api.replicate.com/v1/predictions/{PREDICTION}",
        f"https://api.replicate.com/v1/predictions/{PREDICTION}/cancel",
        f"  '{PREDICTION}' ",
    ],
)
def test_a_prediction_is_read_from_its_id_and_from_its_addresses(text: str) -> None:
    assert read_reference(text) == PredictionReference(PREDICTION)


@pytest.mark.parametrize(
    "text",
    [
        "https://replicate.com/collections/text-to-image",
        "replicate.com/collections/text-to-image/?x=1",
        "https://api.replicate.com/v1/collections/text-to-image",
    ],
)
def test_a_collection_is_read_from_its_address(text: str) -> None:
    assert read_reference(text) == CollectionReference("text-to-image")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fox",
        "a fox in the snow",
        "https://replicate.com",
        "https://replicate.com/acme",
        "https://replicate.com/explore",
        "replicate.com/explore",
        "https://replicate.com/collections",
        "https://replicate.com/docs/reference/http",
        "https://replicate.com/docs/reference?prediction=" + PREDICTION,
        "https://replicate.com/blog/fox",
        "https://replicate.com/account/api-tokens",
        "https://replicate.com/collections/../acme",
        "docs/reference",
        "https://replicate.com/p/",
        "https://replicate.com/p/..%2f..%2fv1%2faccount",
        "https://replicate.com/acme/..%2ffox",
        "https://replicate.com/acme/fox/versions/latest",
        "https://api.replicate.com/v1/account",
        "https://api.replicate.com/acme/fox",
        "https://replicate.com.example/acme/fox",
        "https://replicate.com@example.com/acme/fox",
        "https://huggingface.co/acme/fox",
        "ftp://replicate.com/acme/fox",
        "https://[replicate.com/acme/fox",
        "acme/fox/versions",
        "acme/fox:latest",
        "../fox",
        PREDICTION[:-1],
        VERSION[:-1],
    ],
)
def test_anything_else_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no model and no prediction: paste") as caught:
        read_reference(text)

    assert caught.value.field == "model"


def test_a_long_text_is_shown_by_its_beginning() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_reference("fox " * 1_000)

    assert len(str(caught.value)) < 250
