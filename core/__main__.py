"""`python -m core`: every method of the client, shown on the embedded emulator."""

import argparse
import asyncio
import io
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core import Prediction, ReplicateClient, Settings, WebhookReceiver, WebhookRejected
from core.emulator import Emulator

_IMAGE_MODEL = "black-forest-labs/flux-schnell"
_VIDEO_MODEL = "bytedance/seedance-2.5"
_CHAT_MODEL = "meta/meta-llama-3-8b-instruct"

_SHORT = {"duration": 2, "resolution": "480p"}
"""The emulator draws each frame: a longer or larger clip would only take longer."""

_SCENES = (
    "Scene 1: a paper boat leaves the harbour at dawn",
    "Scene 2: the boat meets a whale under a full moon",
    "Scene 3: the boat comes home through golden fog",
)


def main(arguments: list[str] | None = None) -> None:
    """Run the whole tour and say where the files are."""
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("demo-outputs"), help="folder for the files"
    )
    parser.add_argument("--speed", type=_positive, default=4.0, help="how much faster than life")
    chosen = parser.parse_args(arguments)

    with Emulator(port=0, speed=chosen.speed) as emulator:
        settings = Settings(base_url=emulator.url, replicate_api_token=SecretStr("offline-demo"))
        print(f"An embedded Replicate answers on {emulator.url}; no model is run.\n")
        with ReplicateClient(settings) as client:
            look_around(client)
            look_at_a_model(client)
            make_image(client, chosen.out)
            make_scene(client, chosen.out)
            asyncio.run(make_scenes_in_parallel(client, chosen.out))
            run_in_the_background(client)
            stream_words(client)
            list_and_cancel(client)
    print(f"\nThe files are in {chosen.out.resolve()}")


def look_around(client: ReplicateClient) -> None:
    """See who one is and what there is to run."""
    _say("get_account", client.get_account().username)
    _say("list_collections", ", ".join(one.slug for one in client.list_collections()))
    _say("list_models", f"{len(client.list_models().results)} on the first page")
    found = client.search_models("video", limit=3)
    _say("search_models", ", ".join(model.full_name for model in found))
    _say("list_hardware", ", ".join(one.name for one in client.list_hardware()))


def look_at_a_model(client: ReplicateClient) -> None:
    """Find a model by words, and see what its owner tells and shows of it."""
    found = client.search("images")
    _say("search", ", ".join(one.slug for one in found.collections))
    collection = client.get_collection("text-to-image")
    _say("get_collection", f"{collection.name}: {len(collection.models)} models")
    _say("get_model", client.get_model(_IMAGE_MODEL).description)
    _say("get_readme", client.get_readme(_IMAGE_MODEL).splitlines()[0])
    _say("list_versions", client.list_versions(_IMAGE_MODEL).results[0].id)
    example = client.list_examples(_IMAGE_MODEL)[0]
    _say("list_examples", example.id)
    _say("get_past_run", client.get_past_run(example.id).input["prompt"])


def make_image(client: ReplicateClient, out: Path) -> None:
    """Run an image model and download what it made; upload it for a model to start from."""
    output = client.run_model(_IMAGE_MODEL, {"prompt": "a fox in the snow", "seed": 7})
    _say("run_model", output[0])
    path = client.download_output(output[0], out / "fox.webp")
    _say("download_output", path)
    _say("upload_file", client.upload_file(io.BytesIO(path.read_bytes())))


def make_scene(client: ReplicateClient, out: Path) -> None:
    """Create a prediction, follow it within a deadline, download its clip."""
    prediction = client.create_prediction(
        _VIDEO_MODEL, input_params={"prompt": _SCENES[0], **_SHORT}
    )
    _say("create_prediction", f"{prediction.id} {prediction.status}")
    bars = [one.progress for one in client.watch_prediction(prediction) if one.progress]
    _say("watch_prediction", " ".join(f"{bar.fraction:.0%}" for bar in bars))
    prediction = client.wait_for_prediction(prediction, timeout=120)
    _say("wait_for_prediction", f"{prediction.metrics['predict_time']:.1f} s")
    clip = client.download_file(prediction.output, out / "scene.mp4", prediction=prediction)
    _say("download_file", f"{clip.path} {clip.media_type}, {clip.bytes} bytes")
    with ReplicateClient(client.settings) as restarted:  # it knows of nothing before
        found = restarted.find_prediction(_VIDEO_MODEL, prediction.input, age_seconds=600)
    _say("find_prediction", f"{found.id}, by its model and input alone")


async def make_scenes_in_parallel(client: ReplicateClient, out: Path) -> None:
    """Make three scenes at once, from an event loop of one's own."""

    async def make(number: int, prompt: str) -> Path:
        output: str = await client.run_model_async(_VIDEO_MODEL, {"prompt": prompt, **_SHORT})
        return await client.download_output_async(output, out / f"scene-{number}.mp4")

    paths = await asyncio.gather(*(make(n, prompt) for n, prompt in enumerate(_SCENES, start=1)))
    _say("run_model_async", ", ".join(str(path) for path in paths))


def run_in_the_background(client: ReplicateClient) -> None:
    """Start a prediction and let a signed webhook tell when it is done."""
    secret = client.get_webhook_secret()
    _say("get_webhook_secret", f"{secret[:10]}…")
    with _webhook_endpoint(secret) as (url, received):
        client.create_prediction(
            _IMAGE_MODEL,
            input_params={"prompt": "a lighthouse in a storm"},
            webhook=url,
            webhook_events_filter=["completed"],
        )
        prediction = received.get(timeout=60)
    _say("a webhook", f"{prediction.id} {prediction.status}")


def stream_words(client: ReplicateClient) -> None:
    """Print a language model's words as they come; read those of one that runs already."""
    question = {"prompt": "Name three winds.", "max_tokens": 60}
    _say("stream_output", "", end="")
    for text in client.stream_output(_CHAT_MODEL, question):
        print(text.replace("\n", " "), end="", flush=True)
    print()
    prediction = client.create_prediction(_CHAT_MODEL, question)
    pieces = list(client.stream_prediction(prediction))
    _say("stream_prediction", f"{len(pieces)} pieces, {len(''.join(pieces))} characters")


def list_and_cancel(client: ReplicateClient) -> None:
    """Cancel what is no longer wanted; page through what was run."""
    unwanted = client.create_prediction(_VIDEO_MODEL, input_params={"prompt": "never mind"})
    _say("cancel_prediction", f"{unwanted.id} {client.cancel_prediction(unwanted.id).status}")
    _say("get_prediction", f"{unwanted.id} {client.get_prediction(unwanted.id).status}")
    page = client.list_predictions()
    _say("list_predictions", f"{len(page.results)}, the newest {page.results[0].id}")
    patient = client.with_options(timeout=3600)
    _say("with_options", f"{patient.settings.timeout_seconds:.0f} s for all that it runs")


def _say(method: str, result: Any, *, end: str = "\n") -> None:
    print(f"{method:<20}{result}", end=end, flush=True)


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("it is more than 0")
    return value


@contextmanager
def _webhook_endpoint(secret: str) -> Iterator[tuple[str, "queue.Queue[Prediction]"]]:
    receiver = WebhookReceiver(secret)
    received: queue.Queue[Prediction] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                prediction = receiver.receive(body, dict(self.headers.items()))
            except WebhookRejected:
                self.send_response(401)
            else:
                self.send_response(204)
                if prediction is not None:
                    received.put(prediction)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the tour's output to itself."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/replicate", received
        finally:
            server.shutdown()
            serving.join()


if __name__ == "__main__":
    main()
