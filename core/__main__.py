"""`python -m core`: every method of the client, shown on the embedded emulator."""

import argparse
import asyncio
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from pydantic import SecretStr

from core import Prediction, ReplicateClient, Settings, WebhookRejected
from core.emulator import Emulator
from core.webhooks import WebhookReceiver

_IMAGE_MODEL = "black-forest-labs/flux-schnell"
_VIDEO_MODEL = "kwaivgi/kling-v2.5-turbo-pro"
_CHAT_MODEL = "meta/meta-llama-3-8b-instruct"

_SCENES = (
    "Scene 1: a paper boat leaves the harbour at dawn",
    "Scene 2: the boat meets a whale under a full moon",
    "Scene 3: the boat comes home through golden fog",
)


def main() -> None:
    """Run the whole tour and say where the files are."""
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("demo-outputs"), help="folder for the files"
    )
    parser.add_argument("--speed", type=float, default=4.0, help="how much faster than life")
    arguments = parser.parse_args()

    with Emulator(port=0, speed=arguments.speed) as emulator:
        settings = Settings(base_url=emulator.url, replicate_api_token=SecretStr("offline-demo"))
        with ReplicateClient(settings) as client:
            print(f"An embedded Replicate answers on {emulator.url}\n")
            make_image(client, arguments.out)
            make_scene(client, arguments.out)
            asyncio.run(make_scenes_in_parallel(client, arguments.out))
            run_in_the_background(client)
            stream_words(client)
            list_and_cancel(client)
    print(f"\nThe files are in {arguments.out.resolve()}")


def make_image(client: ReplicateClient, out: Path) -> None:
    """Run an image model and download what it made."""
    output = client.run_model(_IMAGE_MODEL, {"prompt": "a fox in the snow", "seed": 7})
    path = client.download_output(output[0], out / "fox.webp")
    print(f"image       {path}")


def make_scene(client: ReplicateClient, out: Path) -> None:
    """Create a prediction, wait for it within a deadline, download its clip."""
    prediction = client.create_prediction(
        _VIDEO_MODEL,
        input_params={"prompt": _SCENES[0], "duration": 5, "aspect_ratio": "16:9"},
    )
    prediction = client.wait_for_prediction(prediction, timeout=120)
    path = client.download_output(prediction, out / "scene.mp4")
    print(f"scene       {path} ({prediction.metrics['predict_time']:.1f} s)")


async def make_scenes_in_parallel(client: ReplicateClient, out: Path) -> None:
    """Make three scenes at once, from an event loop of one's own."""

    async def make(number: int, prompt: str) -> Path | list[Path]:
        output = await client.run_model_async(_VIDEO_MODEL, {"prompt": prompt, "duration": 5})
        return await client.download_output_async(output, out / f"scene-{number}.mp4")

    paths = await asyncio.gather(*(make(n, prompt) for n, prompt in enumerate(_SCENES, start=1)))
    for path in paths:
        print(f"in parallel {path}")


def run_in_the_background(client: ReplicateClient) -> None:
    """Start a prediction and let a signed webhook tell when it is done."""
    with _webhook_endpoint(client.get_webhook_secret()) as (url, received):
        client.create_prediction(
            _IMAGE_MODEL,
            input_params={"prompt": "a lighthouse in a storm"},
            webhook=url,
            webhook_events_filter=["completed"],
        )
        prediction = received.get(timeout=60)
    print(f"webhook     {prediction.id} {prediction.status}")


def stream_words(client: ReplicateClient) -> None:
    """Print a language model's words as they come."""
    print("stream      ", end="")
    for text in client.stream_output(
        _CHAT_MODEL, {"prompt": "Name three winds.", "max_tokens": 60}
    ):
        print(text.replace("\n", " "), end="", flush=True)
    print()


def list_and_cancel(client: ReplicateClient) -> None:
    """Page through what was run; cancel what is no longer wanted."""
    unwanted = client.create_prediction(_VIDEO_MODEL, input_params={"prompt": "never mind"})
    canceled = client.cancel_prediction(unwanted.id)
    page = client.list_predictions()
    print(f"cancel      {canceled.id} {canceled.status}")
    print(f"list        {len(page.results)} predictions, the newest {page.results[0].id}")


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
