"""The client as its users have it: every method, over real HTTP, and nothing left open."""

import asyncio
import gc
import io
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from core import (
    AlreadyClosed,
    AsyncReplicateClient,
    InputRejected,
    InvalidInput,
    NotFound,
    OutputExpired,
    PastRun,
    PlaygroundError,
    PredictionAborted,
    PredictionCanceled,
    PredictionFailed,
    PredictionTimeout,
    ReplicateClient,
    Settings,
    SettingsError,
    get_replicate_client,
    reset_replicate_client,
)
from core.backoff import PROCESS_BUDGET
from core.client.http import Answer
from core.emulator import Emulator, Fault
from tests.core.parts import settings_for
from tests.core.talkers import DRAWS, PNG, QUICK_MODELS, SAYS, SLEEPS, TALKERS
from tests.core.waiting import HURRIED, is_canceled, until

pytestmark = pytest.mark.usefixtures("whole_budget")


@pytest.fixture
def whole_budget() -> None:
    """What other tests have spent of the process's retries doesn't matter."""
    for _ in range(200):
        PROCESS_BUDGET.note_call()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=TALKERS) as emulator:
        yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncReplicateClient]:
    async with AsyncReplicateClient(settings_for(emulator.url), clock=HURRIED) as client:
        yield client


@pytest.fixture
def own_models() -> Iterator[Emulator]:
    """An emulator with the models that it comes with."""
    with Emulator(port=0, speed=100.0, rate_limits=False, runners=QUICK_MODELS) as emulator:
        yield emulator


@pytest.fixture
def shared(own_models: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReplicateClient]:
    """The process's client, of an environment that knows the emulator."""
    monkeypatch.setenv("REPLICATE_BASE_URL", own_models.url)
    monkeypatch.setenv("REPLICATE_API_TOKEN", "anything")
    reset_replicate_client()
    yield get_replicate_client()
    reset_replicate_client()


def creates(emulator: Emulator) -> list[Any]:
    return [
        one
        for one in emulator.requests
        if one.method == "POST" and one.path.endswith("/predictions")
    ]


# The interfaces that stay


def test_a_picture_is_run_and_downloaded_in_two_lines(
    shared: ReplicateClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    client = get_replicate_client()
    output = client.run_model("black-forest-labs/flux-schnell", {"prompt": "a fox"})
    path = client.download_output(output[0], "out/fox.webp")

    assert client is shared
    assert path == Path("out/fox.webp")
    assert path.read_bytes()[8:12] == b"WEBP"


def test_a_clip_is_run_from_any_event_loop(shared: ReplicateClient, tmp_path: Path) -> None:
    async def film() -> Any:
        return await shared.run_model_async("google/veo-3.1", {"prompt": "waves"})

    output = asyncio.run(film())

    path = shared.download_output(output, tmp_path / "waves")
    assert path.name == "waves.mp4"
    assert path.read_bytes()[4:8] == b"ftyp"


def test_a_prediction_is_created_waited_for_listed_and_cancelled(
    shared: ReplicateClient, own_models: Emulator
) -> None:
    model = "black-forest-labs/flux-schnell"
    url = "https://example.com/hook"

    prediction = shared.create_prediction(
        model,
        input_params={"prompt": "a fox"},
        webhook=url,
        webhook_events_filter=["completed"],
    )
    ended = shared.wait_for_prediction(prediction, timeout=600)
    again = shared.wait_for_prediction(prediction.id, timeout=600)
    canceled = shared.cancel_prediction(prediction.id)
    page = shared.list_predictions(cursor=None)

    assert prediction.status == "starting"
    assert ended.status == again.status == canceled.status == "succeeded"
    assert [one.id for one in page.results] == [prediction.id]
    [created] = own_models.predictions
    assert (created["webhook"], created["webhook_events_filter"]) == (url, ["completed"])


def test_words_are_streamed_in_a_loop(shared: ReplicateClient, own_models: Emulator) -> None:
    pieces = []

    for text in shared.stream_output("meta/meta-llama-3-8b-instruct", {"prompt": "Hi"}):
        pieces.append(text)  # noqa: PERF402

    [prediction] = own_models.predictions
    assert len(pieces) > 1
    assert "".join(pieces) == "".join(prediction["output"])


def test_without_a_token_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError, match="REPLICATE_API_TOKEN"):
        AsyncReplicateClient()


# Running a model


async def test_a_run_lets_its_create_be_held_for_five_seconds_at_most(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    output = await client.run_model(DRAWS, {})

    [create] = emulator.requests  # a quick model's result comes with the answer
    assert create.headers["prefer"] == "wait=5"
    assert output == emulator.predictions[0]["output"]


async def test_a_run_polls_on_when_the_held_create_comes_back_unfinished(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    seen: list[str] = []

    output = await client.run_model(
        DRAWS,
        {"pause": 130},
        timeout=1.9,
        on_update=lambda prediction: seen.append(prediction.status),
    )

    polls = [one for one in emulator.requests if one.method == "GET"]
    assert creates(emulator)[0].headers["prefer"] == "wait=1"
    assert (seen[0], seen[-1]) == ("processing", "succeeded")
    assert 1 <= len(polls) <= 9
    assert output == emulator.predictions[0]["output"]


async def test_a_short_timeout_shortens_the_wait_and_the_run_keeps_to_it(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    began = time.monotonic()

    with pytest.raises(PredictionTimeout, match="not done after 1 s"):
        await client.run_model(SLEEPS, {}, timeout=1)

    [create] = creates(emulator)
    assert create.headers["prefer"] == "wait=1"
    assert time.monotonic() - began < 2
    assert [one["status"] for one in emulator.predictions] == ["canceled"]


@pytest.mark.parametrize("model", [SAYS, DRAWS])
async def test_a_failed_model_raises_with_its_message_and_logs(
    model: str, client: AsyncReplicateClient
) -> None:
    with pytest.raises(PredictionFailed, match="E005: sensitive") as raised:
        await client.run_model(model, {"error": "E005: sensitive"})

    assert raised.value.prediction.status == "failed"
    assert raised.value.prediction.error == "E005: sensitive"


async def test_a_cancelled_run_raises_that_it_was_cancelled(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    def cancel_it(prediction: Any) -> None:
        tasks.append(asyncio.create_task(client.cancel_prediction(prediction.id)))

    tasks: list[Any] = []
    prediction = await client.create_prediction(SLEEPS, {})

    with pytest.raises(PredictionCanceled):
        await client.wait_for_prediction(prediction, on_update=cancel_it)

    await asyncio.gather(*tasks)


async def test_an_aborted_prediction_raises_that_nothing_was_charged(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    body = '{"id": "p1", "status": "aborted", "model": "acme/says", "version": "hidden"}'
    emulator.inject(Fault(method="POST", status=201, body=body))

    with pytest.raises(PredictionAborted, match="nothing was charged"):
        await client.run_model(SAYS, {})


@pytest.mark.parametrize(
    ("model", "model_input", "error"),
    [
        (SAYS, {"tokens": "not a list"}, InputRejected),
        ("acme/unknown", {}, NotFound),
        ("no model", {}, InvalidInput),
        (SAYS, {"tokens": object()}, InvalidInput),
    ],
)
async def test_what_cannot_run_raises_at_once_and_nothing_is_charged(
    model: str,
    model_input: dict[str, Any],
    error: type[PlaygroundError],
    emulator: Emulator,
    client: AsyncReplicateClient,
) -> None:
    with pytest.raises(error):
        await client.run_model(model, model_input)

    assert emulator.predictions == []


async def test_a_run_whose_task_is_cancelled_cancels_the_prediction(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    """Also while the create is held: its id comes too late for the caller, but it comes."""
    running = asyncio.create_task(client.run_model(SLEEPS, {}, timeout=1.4))
    await until(lambda: bool(emulator.predictions))

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: is_canceled(emulator))


async def test_a_run_whose_callback_breaks_cancels_the_prediction(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await client.run_model(SLEEPS, {}, timeout=1.4, on_update=broken)

    await until(lambda: is_canceled(emulator))


async def test_who_only_waits_leaves_the_prediction_running(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    prediction = await client.create_prediction(SLEEPS, {})
    waiting = asyncio.create_task(client.wait_for_prediction(prediction))
    await asyncio.sleep(0.05)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert emulator.predictions[0]["status"] in ("starting", "processing")


async def test_failures_while_polling_lose_nothing(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    emulator.inject(Fault(method="GET", path="/v1/predictions/*", status=502, times=2))
    prediction = await client.create_prediction(DRAWS, {"pause": 5})

    ended = await client.wait_for_prediction(prediction)

    assert ended.status == "succeeded"
    assert len(emulator.predictions) == 1


async def test_two_hundred_runs_at_once_make_one_prediction_each_over_bounded_connections(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, open_sockets())
            await asyncio.sleep(0.01)

    before = open_sockets()
    watching = asyncio.create_task(watch())
    began = time.monotonic()

    outputs = await asyncio.gather(
        *(client.run_model(SAYS, {"tokens": [f"{n}"]}) for n in range(200))
    )

    seconds = time.monotonic() - began
    watching.cancel()
    assert outputs == [[f"{n}"] for n in range(200)]
    assert len(emulator.predictions) == len(creates(emulator)) == 200
    assert most - before <= 2 * 100  # both ends of a connection are in this process
    assert seconds < 20


# Predictions and webhooks


async def test_webhooks_are_passed_on_and_failed_means_completed(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    await client.create_prediction(
        SAYS,
        {},
        webhook="https://example.com/hook",
        webhook_events_filter=["start", "failed", "completed"],
    )

    [created] = emulator.predictions
    assert created["webhook"] == "https://example.com/hook"
    assert created["webhook_events_filter"] == ["completed", "start"]


async def test_an_unknown_webhook_event_is_refused_before_anything_is_sent(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    with pytest.raises(InvalidInput, match="start, output, logs, completed"):
        await client.create_prediction(SAYS, {}, webhook_events_filter=["succeeded"])

    assert emulator.requests == []


async def test_pages_lead_through_all_predictions_newest_first(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    created = [await client.create_prediction(SLEEPS, {}) for _ in range(101)]

    first = await client.list_predictions()
    second = await client.list_predictions(first.next_cursor)
    back = await client.list_predictions(second.previous_cursor)

    found = [one.id for one in (*first.results, *second.results)]
    assert found == [one.id for one in reversed(created)]
    assert len(first.results) == 100
    assert second.next_cursor is None
    assert [one.id for one in back.results] == [one.id for one in first.results]


async def test_a_deployment_runs_by_its_name(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    says = next(runner.card for runner in TALKERS if runner.card.id == SAYS)
    release = {"hardware": "cpu", "min_instances": 0, "max_instances": 1}
    named = {"name": "talker", "model": SAYS, "version": says.version}
    body = {**named, **release}
    made = await client._http.request("POST", "/deployments", Answer.json, name="x", json=body)
    name = f"deployments/{made['owner']}/talker"

    output = await client.run_model(name, {"tokens": ["hello"]})

    assert output == ["hello"]
    assert emulator.predictions[0]["deployment"] == name.removeprefix("deployments/")


async def test_a_version_runs_by_its_id_alone_and_behind_a_models_name(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    version = next(runner.card.version for runner in TALKERS if runner.card.id == SAYS)

    outputs = [
        await client.run_model(name, {"tokens": ["hello"]})
        for name in (version, f"{SAYS}:{version}")
    ]

    assert outputs == [["hello"], ["hello"]]


# Finding


async def test_any_model_is_found_and_looked_at_from_a_search_to_a_run_like_its_example(
    tmp_path: Path,
) -> None:
    inputs = {"type": "object", "properties": {"prompt": {"type": "string"}}}
    document = {"openapi": "3.0.2", "components": {"schemas": {"Input": inputs, "Output": {}}}}
    told = {
        "model": "me/fox-chat",
        "created_at": "2023-11-23T08:18:53.467813Z",
        "description": "Says what a fox says.",
        "openapi_schema": {**document, "info": {"title": "Cog"}},
        "github_url": "https://github.com/me/fox-chat",
    }
    (tmp_path / "me__fox-chat.json").write_text(json.dumps(told))

    with Emulator(port=0, speed=100.0, runners=[], schemas=tmp_path) as emulator:
        async with AsyncReplicateClient(settings_for(emulator.url)) as client:
            [found] = (await client.search("fox says")).models
            [group] = await client.list_collections()
            inside = await client.get_collection(group.slug)
            [version] = (await client.list_versions(found.full_name)).results
            pinned = await client.get_model(f"{found.full_name}:{version.id}")
            readme = await client.get_readme(found.full_name)
            [example] = await client.list_examples(found.full_name)
            past = await client.get_past_run(example.id)
            output = await client.run_model(past.model, past.input)

    assert (found.full_name, found.description) == ("me/fox-chat", "Says what a fox says.")
    assert found.github_url == "https://github.com/me/fox-chat"
    assert (group.slug, group.models) == ("language-models", ())
    assert inside.models == (found,)
    assert version == found.version == pinned.version
    assert version.created_at == datetime(2023, 11, 23, 8, 18, 53, 467813, tzinfo=UTC)
    assert readme.startswith("# fox-chat")
    assert past == PastRun(
        example.id, f"me/fox-chat:{version.id}", "succeeded", example.input, example.output
    )
    assert output


async def test_of_a_run_that_replicate_has_deleted_the_model_is_left(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    prediction = await client.create_prediction(SAYS, {"tokens": ["hello"]})
    await client.wait_for_prediction(prediction)
    before = await client.get_past_run(prediction.id)
    emulator.advance(3700)

    after = await client.get_past_run(prediction.id)

    assert (before.input["tokens"], before.output, before.notice) == (["hello"], ["hello"], None)
    assert (after.model, after.status, after.input, after.output) == (SAYS, "succeeded", {}, None)
    assert after.notice is not None
    assert "settings and output" in after.notice


async def test_searching_for_models_alone_is_the_same_search(
    own_models: Emulator,
) -> None:
    async with AsyncReplicateClient(settings_for(own_models.url)) as client:
        models = await client.search_models("video", limit=3)
        found = await client.search("video", limit=3)

    assert models == found.models
    assert len(models) == 3


# Files


@pytest.mark.parametrize("size", [1_000, 300_000], ids=["inline", "uploaded"])
@pytest.mark.parametrize("kind", ["path", "file", "bytes"])
async def test_files_among_the_inputs_arrive_whole(
    kind: str, size: int, tmp_path: Path, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(bytes(size))

    with path.open("rb") as file:
        image = {"path": path, "file": file, "bytes": io.BytesIO(bytes(size))}[kind]
        await client.run_model(DRAWS, {"image": image})

    assert f"Looked at {size} bytes" in emulator.predictions[0]["logs"]
    assert any(one.path == "/v1/files" for one in emulator.requests) == (size > 256_000)


async def test_one_output_becomes_one_path_whatever_it_is_given_as(
    tmp_path: Path, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    prediction = await client.create_prediction(DRAWS, {})
    prediction = await client.wait_for_prediction(prediction)
    given = {"output": prediction.output, "url": prediction.output[0], "prediction": prediction}

    paths = {
        name: await client.download_output(output, tmp_path / "new" / name / "fox.png")
        for name, output in given.items()
    }

    assert paths == {name: tmp_path / "new" / name / "fox.png" for name in given}
    assert {path.read_bytes() for path in paths.values() if isinstance(path, Path)} == {
        PNG + b"\x00"
    }


async def test_several_outputs_become_numbered_files(
    tmp_path: Path, client: AsyncReplicateClient
) -> None:
    output = await client.run_model(DRAWS, {"count": 3})

    paths = await client.download_output(output, tmp_path / "out" / "fox.png")

    assert paths == [tmp_path / "out" / f"fox-{n}.png" for n in (1, 2, 3)]
    assert [path.read_bytes()[-1] for path in sorted((tmp_path / "out").iterdir())] == [0, 1, 2]


async def test_what_another_client_has_downloaded_with_the_same_partials_is_not_fetched_again(
    tmp_path: Path, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    output = await client.run_model(DRAWS, {"count": 2})
    partials = tmp_path / "partials"

    first = await client.download_file(output[0], tmp_path / "fox-1.png", partials=partials)
    async with AsyncReplicateClient(settings_for(emulator.url)) as next_client:
        paths = await next_client.download_output(
            output, tmp_path / "fox.png", partials=str(partials)
        )

    assert paths == [first.path, tmp_path / "fox-2.png"]
    asked = [one.path.rpartition("/")[2] for one in emulator.requests if "/outputs/" in one.path]
    assert len(asked) == len(set(asked)) == 2


async def test_an_output_that_is_gone_says_so(
    tmp_path: Path, emulator: Emulator, client: AsyncReplicateClient
) -> None:
    output = await client.run_model(DRAWS, {})
    emulator.advance(3700)

    with pytest.raises(OutputExpired, match="one hour"):
        await client.download_output(output, tmp_path / "fox.png")

    assert list(tmp_path.iterdir()) == []


# Closing


def open_sockets() -> int:
    """Return how many sockets this process has open; where that can't be told, 0."""
    found = 0
    for name in os.listdir("/proc/self/fd") if Path("/proc/self/fd").exists() else ():
        try:
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counted on Linux only")
async def test_everything_that_was_opened_is_closed(tmp_path: Path, emulator: Emulator) -> None:
    gc.collect()
    before = open_sockets()

    async with AsyncReplicateClient(settings_for(emulator.url)) as client:
        output = await client.run_model(DRAWS, {})
        await client.download_output(output, tmp_path / "fox.png")
        async for _ in client.stream_output(SAYS, {"tokens": ["a", "b"], "rest": 1e6}):
            break
        async with client.stream_output(SAYS, {"tokens": ["a", "b"]}) as stream:
            await anext(aiter(stream))
        await client.upload_file(io.BytesIO(b"x"))
        during = open_sockets()

    await until(lambda: open_sockets() <= before)  # the emulator's ends close a moment later
    assert during > before


async def test_a_closed_client_says_so_and_may_be_closed_again(
    emulator: Emulator, client: AsyncReplicateClient
) -> None:
    await client.aclose()
    await client.aclose()

    for use in (client.get_account, client.list_hardware, client.list_predictions):
        with pytest.raises(AlreadyClosed, match="make a new one"):
            await use()
    with pytest.raises(AlreadyClosed):
        await client.run_model(SAYS, {})
    assert emulator.requests == []


async def test_a_client_that_is_closed_lets_its_cancels_arrive(emulator: Emulator) -> None:
    emulator.inject(Fault(path="*/cancel", delay_seconds=0.2))

    async with AsyncReplicateClient(settings_for(emulator.url)) as client:
        async for _ in client.stream_output(SAYS, {"tokens": ["a"], "rest": 1e6}):
            break

    assert [one["status"] for one in emulator.predictions] == ["canceled"]


def test_settings_are_what_it_was_made_with(emulator: Emulator) -> None:
    settings = Settings(base_url=f"{emulator.url}/v1", replicate_api_token="any")  # type: ignore[arg-type]

    with ReplicateClient(settings) as client:
        used = client.settings, client.base_url

    assert used == (settings, emulator.url)


def test_a_client_after_the_first_reads_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take tens of milliseconds, and a program may make a client for each of its jobs."""
    settings = Settings(replicate_api_token="any")
    AsyncReplicateClient(settings)
    reading = Mock()
    monkeypatch.setattr(ssl, "create_default_context", reading)

    AsyncReplicateClient(settings)

    reading.assert_not_called()
