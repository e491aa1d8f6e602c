from typing import Any

import pytest

from core.errors import InvalidInput
from core.models.names import ModelName

VERSION = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acme/fox", ModelName("acme", "fox")),
        ("black-forest-labs/flux-1.1-pro", ModelName("black-forest-labs", "flux-1.1-pro")),
        ("Some_One/Model.2", ModelName("Some_One", "Model.2")),
        ("3b/8b", ModelName("3b", "8b")),
        (f"acme/fox:{VERSION}", ModelName("acme", "fox", VERSION)),
        ("acme/fox:0a1b", ModelName("acme", "fox", "0a1b")),
        (VERSION, ModelName(version=VERSION)),
        ("deployments/acme/fox", ModelName("acme", "fox", deployment=True)),
    ],
)
def test_a_name_is_read_and_written_back(text: str, name: ModelName) -> None:
    parsed = ModelName.parse(text)

    assert parsed == name
    assert str(parsed) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fox",
        "acme/",
        "/fox",
        "acme//fox",
        "a/b/c",
        "acme/fox:",
        "acme/fox:latest",
        "acme/fox:ABC",
        "deployments/acme/fox:0a",
        "..",
        "../fox",
        "acme/..",
        "./..",
        "acme/.hidden",
        "-/fox",
        "acme/fox?x=1",
        "acme/fox#x",
        "acme/fo x",
        " acme/fox",
        "acme/fox\n",
        "acme/föx",
        "acme%2ffox/x",
        VERSION[:-1],
        VERSION.upper(),
        None,
        5,
        b"acme/fox",
    ],
)
def test_what_is_no_name_is_refused_in_a_sentence(text: Any) -> None:
    with pytest.raises(InvalidInput, match="isn't a model: write owner/name") as caught:
        ModelName.parse(text)

    assert caught.value.field == "model"
