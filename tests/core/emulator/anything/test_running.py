"""A model that is known by its schema alone runs as others do."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core.emulator.models.anything import files
from core.emulator.runner import (
    File,
    Log,
    Metric,
    ModelError,
    Progress,
    Step,
    Token,
    Value,
)
from tests.core.emulator.anything.material import PROMPT, SEED, TOKENS, URI, model, output_of, run
from tests.core.emulator.test_models import FakeContext, all_of, picture


async def test_text_streams_in_pieces_and_keeps_to_its_limit(tmp_path: Path) -> None:
    inputs = {"prompt": PROMPT, "max_tokens": {"type": "integer"}}
    runner = model(TOKENS, inputs, folder=tmp_path)

    steps = await run(runner, prompt="What is 17 * 23?")
    short = await run(runner, prompt="What is 17 * 23?", max_tokens=3)

    words = [token.text for token in all_of(Token, steps)]
    assert len(words) > 5
    assert "391" in "".join(words)
    assert "no model was run" in "".join(words)
    assert [token.text for token in all_of(Token, short)] == words[:3]
    assert Metric("token_output_count", 3) in short


async def test_a_conversation_is_answered_with_what_was_said_before(tmp_path: Path) -> None:
    inputs = {"messages": {"type": "array", "items": {"type": "object"}}}
    runner = model({"type": "string"}, inputs, name="chat", folder=tmp_path)
    said = [("user", "What is 17 * 23?"), ("assistant", "Later."), ("user", "Again, please.")]

    steps = await run(runner, messages=[{"role": role, "content": text} for role, text in said])

    assert "391" in output_of(runner, steps)


async def test_an_iterator_puts_out_one_item_after_the_other(tmp_path: Path) -> None:
    frame = {"type": "object", "properties": {"file": URI, "text": {"type": "string"}}}
    output = {"type": "array", "items": frame, "x-cog-array-type": "iterator"}
    runner = model(output, {"prompt": PROMPT}, folder=tmp_path)

    values = [step.value for step in all_of(Value, await run(runner, prompt="a heron"))]

    assert [len(value) for value in values] == [1, 2, 3, 3]
    assert values[0] == values[-1][:1]
    assert isinstance(values[0][0]["file"], File)


@pytest.mark.parametrize(
    ("name", "kind"), [("flux-fork", File), ("my-chat", Token), ("veo-9", File), ("thing", Value)]
)
async def test_a_model_without_an_output_schema_makes_what_its_name_says(
    name: str, kind: type[Step], tmp_path: Path
) -> None:
    runner = model(None, {"prompt": PROMPT}, name=name, folder=tmp_path)

    steps = await run(runner, prompt="a heron")

    assert len(all_of(kind, steps)) == 1
    assert [found for found in (File, Token, Value) if all_of(found, steps)] == [kind]


async def test_the_same_input_and_seed_make_the_same(tmp_path: Path) -> None:
    output = {"type": "object", "properties": {"score": {"type": "number"}, "image": URI}}
    runner = model(output, {"prompt": PROMPT, "seed": SEED}, folder=tmp_path)

    first, same, other = [
        await run(runner, FakeContext(seed=seed), prompt="a heron", seed=seed) for seed in (1, 1, 2)
    ]

    assert first == same
    assert all_of(Value, first) != all_of(Value, other)
    assert Log("Using seed: 1") in first


async def test_a_model_without_a_seed_says_the_same_of_the_same_and_else_of_else(
    tmp_path: Path,
) -> None:
    output = {"type": "array", "items": {"type": "number"}}
    runner = model(output, {"pairs": PROMPT}, name="embeddings", folder=tmp_path)

    first, same, other = [
        all_of(Value, await run(runner, FakeContext(seed=seed), pairs=pairs))
        for seed, pairs in ((1, "a"), (2, "a"), (1, "b"))
    ]

    assert first == same != other
    assert sum(x * x for x in first[0].value) == pytest.approx(1, abs=1e-3)


async def test_a_run_logs_that_it_is_simulated_and_how_far_it_is(tmp_path: Path) -> None:
    inputs = {"num_inference_steps": {"type": "integer", "default": 5}}
    runner = model(URI, inputs, folder=tmp_path)
    context = FakeContext()

    steps = await run(runner, context)

    assert "no model was run" in all_of(Log, steps)[0].line
    assert all_of(Progress, steps) == [Progress(done, 5) for done in range(1, 6)]
    assert context.slept == pytest.approx(3)
    assert Metric("image_count", 1) in steps


async def test_a_file_that_cannot_be_read_fails_but_a_default_one_is_left(tmp_path: Path) -> None:
    runner = model(URI, {"image": {**URI, "default": "https://far/away.png"}}, folder=tmp_path)
    context = FakeContext()

    await run(runner, context)
    with pytest.raises(ModelError, match="Can't read"):
        await run(runner, context, image="https://far/other.png")

    assert context.fetched == ["https://far/other.png"]


async def test_what_is_given_as_a_picture_must_be_one(tmp_path: Path) -> None:
    runner = model(URI, {"images": {"type": "array", "items": URI}}, folder=tmp_path)
    broken = FakeContext(files={"https://a/b": picture()[:40]})

    with pytest.raises(ModelError, match="can't be read"):
        await run(runner, broken, images=["https://a/b"])


async def test_a_file_that_nobody_waits_for_any_more_is_not_made_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def long_film(*_: Any, on_frame: Any, **__: Any) -> bytes:
        try:
            for done in range(200):
                on_frame(done + 1, 200)
                begun.set()
                time.sleep(0.01)
        finally:
            ended.set()
        return b""

    monkeypatch.setattr(files, "film", long_film)
    task = asyncio.create_task(run(model(URI, name="video", folder=tmp_path)))
    assert await asyncio.to_thread(begun.wait, 5)

    task.cancel()
    await asyncio.wait({task}, timeout=1)

    assert task.cancelled()
    assert ended.is_set()
