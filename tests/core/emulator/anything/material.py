"""Models of which there is a schema and nothing else, and runs of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.emulator.models.anything import load
from core.emulator.runner import File, Runner, Step, Token, Value, replaced
from core.emulator.validation import validated
from tests.core.emulator.test_models import FakeContext, all_of

URI = {"type": "string", "format": "uri"}
PROMPT = {"type": "string"}
SEED = {"type": "integer", "nullable": True}
TOKENS = {
    "type": "array",
    "items": {"type": "string"},
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}


def model(
    output: Any,
    inputs: Mapping[str, Any] | None = None,
    *,
    name: str = "thing",
    schemas: Mapping[str, Any] | None = None,
    required: tuple[str, ...] = (),
    folder: Path,
    **more: Any,
) -> Runner:
    """Return the one model of a folder in which its schema lies; `output` None leaves it out."""
    declared = {"type": "object", "properties": dict(inputs or {}), "required": list(required)}
    known = {"Input": declared, **(schemas or {})} | ({} if output is None else {"Output": output})
    document = {"openapi": "3.0.2", "components": {"schemas": known}}
    path = folder / f"me__{name}.json"
    path.write_text(json.dumps({"openapi_schema": document, **more}))
    [runner] = load(folder).runners
    return runner


async def run(runner: Runner, context: FakeContext | None = None, **given: Any) -> list[Step]:
    full = validated(runner.card, given)
    return [step async for step in runner.run(full, context or FakeContext())]


def output_of(runner: Runner, steps: list[Step]) -> Any:
    """Return what the server would make of the steps, files by their names."""
    if values := all_of(Value, steps):
        return replaced(values[-1].value, File, lambda file: f"https://a/{file.name}")
    pieces: list[str] = [
        step.text if isinstance(step, Token) else f"https://a/{step.name}"
        for step in steps
        if isinstance(step, Token | File)
    ]
    assert pieces, "nothing was put out"
    return pieces if runner.card.output.get("type") == "array" else "".join(pieces)
