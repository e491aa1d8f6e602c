"""How the tests of jobs describe their models."""

from typing import Any

from core.emulator import ModelCard


def official(model: str, inputs: dict[str, Any], output: dict[str, Any]) -> ModelCard:
    """Return the card of an official model, whose inputs have a prompt."""
    owner, _, name = model.partition("/")
    return ModelCard(
        owner=owner,
        name=name,
        description=name,
        input={
            "type": "object",
            "title": "Input",
            "required": ["prompt"],
            "properties": inputs,
        },
        output={"title": "Output", **output},
        version=name.encode().hex().ljust(64, "0"),
        is_official=True,
    )
