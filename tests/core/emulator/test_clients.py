"""Clients that were written for Replicate work with the emulator as they are."""

import asyncio
import io
import json
import shutil
import subprocess
from collections.abc import Iterator

import httpx2
import pytest
from replicate import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.stream import ServerSentEvent
from replicate.webhook import Webhooks, WebhookSigningSecret

from core.emulator import Emulator
from tests.core.emulator.receiver import receiving
from tests.core.emulator.runners import BROKEN, GREETER, PICTURES, SLOW, WORDS


@pytest.fixture
def replicate(emulator: Emulator) -> Iterator[Client]:
    """The `replicate` package's client."""
    client = Client(api_token="r8_test", base_url=emulator.url)
    client.poll_interval = 0.01
    yield client
    client._client.close()


# The Python package


def test_run_returns_the_output(replicate: Client, bare: httpx2.Client) -> None:
    text = replicate.run(WORDS.card.id, {"prompt": "you"})
    greeting = replicate.run(f"{GREETER.card.id}:{GREETER.card.version}", {"text": "you"})
    (picture,) = replicate.run(PICTURES.card.id, {"prompt": "a fox"})

    assert "".join(text) == "Hello you "
    assert greeting == "hello you"
    assert bare.get(picture).headers["content-type"] == "image/png"


def test_run_without_waiting_polls_to_the_end(replicate: Client) -> None:
    assert replicate.run(SLOW.card.id, {"seconds": 3}, wait=False) == ["0 ", "1 ", "2 "]


def test_run_raises_what_a_failed_model_says(replicate: Client) -> None:
    with pytest.raises(ModelError, match="Out of memory") as caught:
        replicate.run(BROKEN.card.id, {"how": "fails"})

    assert caught.value.prediction.logs == "Getting ready\n"


def test_a_file_in_an_input_is_uploaded_and_read_by_the_model(
    replicate: Client, emulator: Emulator
) -> None:
    replicate.run(PICTURES.card.id, {"prompt": "a fox", "image": io.BytesIO(b"a picture")})

    (prediction,) = emulator.predictions
    (file,) = replicate.files.list()
    assert prediction["input"]["image"] == file.urls["get"]
    assert prediction["status"] == "succeeded"


def test_stream_yields_the_events(replicate: Client) -> None:
    events = list(replicate.stream(WORDS.card.id, input={"prompt": "you"}))

    assert "".join(str(event) for event in events) == "Hello you "
    assert events[-1].event == ServerSentEvent.EventType.DONE


def test_predictions_are_created_got_listed_and_canceled(replicate: Client) -> None:
    created = replicate.models.predictions.create(SLOW.card.id, {})
    by_version = replicate.predictions.create(GREETER.card.version, {"text": "you"})
    got = replicate.predictions.get(created.id)
    listed = replicate.predictions.list()
    canceled = replicate.predictions.cancel(created.id)
    by_version.wait()

    assert got.id == created.id
    assert [item.id for item in listed] == [by_version.id, created.id]
    assert canceled.status == "canceled"
    assert by_version.output == "hello you"


def test_progress_is_read_from_the_logs(replicate: Client) -> None:
    prediction = replicate.models.predictions.create(PICTURES.card.id, {"prompt": "a fox"})
    prediction.wait()

    assert prediction.progress is not None
    assert (prediction.progress.current, prediction.progress.total) == (4, 4)


def test_pages_are_walked(replicate: Client) -> None:
    for _ in range(101):
        replicate.models.predictions.create(WORDS.card.id, {})

    first = replicate.predictions.list()
    assert first.next
    second = replicate.predictions.list(first.next)

    assert (len(first), len(second), second.next) == (100, 1, None)


def test_models_are_got_listed_and_found(replicate: Client) -> None:
    model = replicate.models.get(PICTURES.card.id)
    listed = replicate.models.list()
    found = replicate.models.search("pictures")
    version = replicate.models.get(GREETER.card.id).versions.get(GREETER.card.version)

    assert model.latest_version is not None
    assert model.default_example is not None
    assert model.default_example.output
    assert PICTURES.card.id in [f"{item.owner}/{item.name}" for item in listed]
    assert [item.name for item in found] == ["pictures"]
    assert "text" in version.openapi_schema["components"]["schemas"]["Input"]["properties"]


def test_collections_hardware_and_the_account_are_read(replicate: Client) -> None:
    collections = replicate.collections.list()
    models = replicate.collections.get("text-to-image").models
    hardware = replicate.hardware.list()
    account = replicate.accounts.current()

    assert {collection.slug for collection in collections} == {"text-to-image", "language-models"}
    assert [model.name for model in models or []] == ["pictures"]
    assert "cpu" in {item.sku for item in hardware}
    assert account.username == "emulator"


def test_deployments_are_made_and_run(replicate: Client) -> None:
    deployment = replicate.deployments.create(
        name="greetings",
        model=GREETER.card.id,
        version=GREETER.card.version,
        hardware="cpu",
        min_instances=0,
        max_instances=1,
    )
    prediction = deployment.predictions.create({"text": "you"})
    prediction.wait()
    changed = replicate.deployments.update("emulator", "greetings", max_instances=2)

    assert prediction.output == "hello you"
    assert changed.current_release.number == 2


def test_errors_are_read(replicate: Client) -> None:
    with pytest.raises(ReplicateError) as caught:
        replicate.models.predictions.create(PICTURES.card.id, {"prompt": 7})

    assert (caught.value.status, caught.value.title) == (422, "Input validation failed")


def test_webhooks_are_validated(replicate: Client) -> None:
    with receiving() as receiver:
        replicate.models.predictions.create(
            WORDS.card.id, {}, webhook=receiver.url, webhook_events_filter=["completed"]
        )
        (webhook,) = receiver.wait_for(1)
    secret = replicate.webhooks.default.secret()

    Webhooks.validate(headers=webhook.headers, body=webhook.body.decode(), secret=secret)
    with pytest.raises(ValueError, match="signature"):
        Webhooks.validate(
            headers=webhook.headers,
            body=webhook.body.decode(),
            secret=WebhookSigningSecret(key="whsec_AAAA"),
        )


async def test_thirty_runs_at_once_all_come_back(emulator: Emulator) -> None:
    client = Client(api_token="r8_test", base_url=emulator.url)

    outputs = await asyncio.gather(
        *(client.async_run(WORDS.card.id, {"prompt": str(n)}) for n in range(30))
    )
    await client._async_client.aclose()

    assert ["".join(output) for output in outputs] == [f"Hello {n} " for n in range(30)]


async def test_an_async_stream_yields_the_events(emulator: Emulator) -> None:
    client = Client(api_token="r8_test", base_url=emulator.url)

    stream = client.async_stream(WORDS.card.id, input={"prompt": "you"})
    text = "".join([str(event) async for event in await stream])
    await client._async_client.aclose()

    assert text == "Hello you "


# curl


def curl(*arguments: str) -> str:
    token = "Authorization: Bearer r8_test"
    command = ["curl", "--silent", "--show-error", "--max-time", "5", "-H", token, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl isn't installed")


@needs_curl
def test_curl_runs_a_model_as_the_documentation_shows(emulator: Emulator) -> None:
    answer = curl(
        "-X", "POST", "-H", "Prefer: wait",
        "-d", '{"input": {"prompt": "you"}}',
        "-H", "Content-Type: application/json",
        f"{emulator.url}/v1/models/{WORDS.card.id}/predictions",
    )  # fmt: skip

    assert json.loads(answer)["output"] == ["Hello ", "you "]


@needs_curl
def test_curl_uploads_a_file_as_the_documentation_shows(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = tmp_path_factory.mktemp("upload") / "archive.zip"
    archive.write_bytes(b"PK" + bytes(200_000))

    answer = curl(
        "-X", "POST", f"{emulator.url}/v1/files",
        "-H", "Content-Type: multipart/form-data",
        "-F", f"content=@{archive};type=application/zip;filename=example.zip",
        "-F", 'metadata={"customer_reference_id": 123};type=application/json',
    )  # fmt: skip

    file = json.loads(answer)
    assert (file["name"], file["content_type"]) == ("example.zip", "application/zip")
    assert file["size"] == 200_002
    assert file["metadata"] == {"customer_reference_id": 123}


@needs_curl
def test_curl_reads_a_stream_as_it_comes(emulator: Emulator, http: httpx2.Client) -> None:
    created = http.post(f"/models/{WORDS.card.id}/predictions", json={"input": {}}).json()

    body = curl("--no-buffer", "-H", "Accept: text/event-stream", created["urls"]["stream"])

    assert body.count("event: output") == 2
    assert body.endswith("data: {}\n\n")
