"""The running app, as programs and strangers meet it."""

import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from gradio_client import Client

from app import main
from core.emulator import Emulator
from tests.app_process import ROOT, App
from tests.core.talkers import QUICK_MODELS
from tests.gating import gated


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "100% #1? My%20Pictures ü")


@pytest.fixture(scope="module")
def url(data_dir: Path) -> Iterator[str]:
    """One running app for the whole module: it takes seconds to start."""
    with App(data_dir).running() as url:
        yield url


@pytest.fixture(scope="module")
def program(url: str) -> Iterator[Client]:
    client = Client(url, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def test_a_program_runs_a_model_and_gets_its_files(program: Client) -> None:
    asked = json.dumps({"prompt": "a fox", "num_outputs": 2, "seed": 7})

    result, files = program.predict("black-forest-labs/flux-schnell", asked, api_name="/run_model")

    assert result["status"] == "succeeded"
    assert result["error"] is None
    assert result["prediction_id"]
    assert len(files) == len(result["output"]) == 2
    assert all(Path(file).stat().st_size > 1000 for file in files)


def test_everything_is_kept_in_the_data_folder_whatever_its_name(
    program: Client, data_dir: Path
) -> None:
    program.predict("black-forest-labs/flux-schnell", '{"prompt": "x"}', api_name="/run_model")

    assert list(data_dir.parent.iterdir()) == [data_dir]
    assert {file.name for file in data_dir.iterdir()} >= {"history.db", "media"}


def test_a_program_asks_one_question(program: Client) -> None:
    answer = program.predict(
        "meta/meta-llama-3-8b-instruct", "What is 17 * 23?", "", api_name="/chat_once"
    )

    assert "391" in answer


def test_a_program_reads_the_history(program: Client) -> None:
    asked = json.dumps({"prompt": "a heron at dawn"})
    result, _ = program.predict("black-forest-labs/flux-schnell", asked, api_name="/run_model")

    [entry] = program.predict("heron", 10, api_name="/history")

    assert entry["job_id"] == result["job_id"]
    assert entry["kind"] == "image"
    assert entry["status"] == "succeeded"
    assert entry["prompt"] == "a heron at dawn"
    assert [set(file) for file in entry["files"]] == [{"name", "bytes", "sha256"}]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("{", "input_json isn't JSON"),
        ("[]", "input_json is a JSON object"),
        ('{"prompt": "x", "num_outputs": 9}', "goes from 1 to 4"),
    ],
)
def test_a_program_that_asks_wrongly_is_told_why(
    program: Client, asked: str, sentence: str
) -> None:
    with pytest.raises(Exception, match=sentence):
        program.predict("black-forest-labs/flux-schnell", asked, api_name="/run_model")


def test_only_the_named_endpoints_are_shown(program: Client) -> None:
    shown = program.view_api(return_format="dict", print_info=False)

    assert isinstance(shown, dict)
    assert set(shown["named_endpoints"]) == {"/run_model", "/chat_once", "/history"}
    assert shown["unnamed_endpoints"] == {}


def test_a_foreign_host_is_refused(url: str) -> None:
    """A page elsewhere whose name is made to lead here (DNS rebinding) gets nothing."""
    answer = httpx2.get(url, headers={"Host": "evil.example"})

    assert answer.status_code == 400


@pytest.mark.parametrize("place", ["history.db", "/etc/passwd"])
def test_only_the_media_folder_is_served(url: str, data_dir: Path, place: str) -> None:
    file = data_dir / place
    assert file.exists()

    answer = httpx2.get(f"{url}/gradio_api/file={quote(str(file))}")

    assert answer.status_code == 403


def test_media_are_served_in_parts(url: str, data_dir: Path, program: Client) -> None:
    asked = json.dumps({"prompt": "a lake"})
    program.predict("black-forest-labs/flux-schnell", asked, api_name="/run_model")
    file = next((data_dir / "media").rglob("0.webp"))

    answer = httpx2.get(f"{url}/gradio_api/file={quote(str(file))}", headers={"Range": "bytes=0-3"})

    assert (answer.status_code, answer.content) == (206, b"RIFF")


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "0.webp"])
def test_what_a_model_made_is_not_run_in_the_pages_name(
    url: str, data_dir: Path, name: str
) -> None:
    file = data_dir / "media" / "local" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")

    answer = httpx2.get(f"{url}/gradio_api/file={quote(str(file))}")

    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in httpx2.get(url).headers


@pytest.mark.parametrize(
    "inputs", [["state", "multimodaltextbox", "state", "json"], ["state", "json", "textbox"]]
)
def test_a_browser_cannot_name_a_file_that_it_did_not_upload(
    url: str, tmp_path: Path, inputs: list[str]
) -> None:
    """Of an event with these inputs: one that sends a message, one that reads a form."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"a secret of this machine")
    page = httpx2.get(f"{url}/config").json()
    types = {one["id"]: one["type"] for one in page["components"]}
    event = next(one for one in page["dependencies"] if [types[n] for n in one["inputs"]] == inputs)

    def succeeds(files: list[dict[str, Any]]) -> bool:
        told = {
            "multimodaltextbox": {"text": "What is it?", "files": files},
            "json": {"revision": 0, "values": files},
        }
        asked = {
            "data": [told.get(one) for one in inputs],
            "fn_index": event["id"],
            "session_hash": f"{len(inputs)}-{len(files)}",
        }
        httpx2.post(f"{url}/gradio_api/queue/join", json=asked).raise_for_status()
        query = {"session_hash": asked["session_hash"]}
        answer = httpx2.get(f"{url}/gradio_api/queue/data", params=query, timeout=30).text
        [ended] = [line for line in answer.splitlines() if "process_completed" in line]
        return '"success":true' in ended

    assert succeeds([])
    assert not succeeds([{"path": str(secret), "meta": {"_type": "gradio.FileData"}}])


def test_the_queue_is_the_only_way_in(url: str) -> None:
    answer = httpx2.post(f"{url}/gradio_api/run/run_model", json={"data": ["x/y", "{}"]})

    assert answer.status_code in (401, 403, 404)


def test_nothing_is_monitored(url: str) -> None:
    assert httpx2.get(f"{url}/monitoring").status_code in (403, 404)


def test_the_page_answers_beside_sixty_calls_that_wait_for_their_runs(tmp_path: Path) -> None:
    """Gradio takes up no more than 40 events at a time by itself, whatever their limits are."""
    gate = threading.Event()
    gate.set()  # the emulator runs its examples when it starts
    runners = [gated(one, gate) for one in QUICK_MODELS]
    asked = {"data": ["black-forest-labs/flux-schnell", json.dumps({"prompt": "a fox"})]}
    with (
        Emulator(port=0, speed=100.0, rate_limits=False, runners=runners) as emulator,
        App(tmp_path, api_url=emulator.url).running() as url,
        httpx2.Client(base_url=f"{url}/gradio_api/call", timeout=10) as program,
    ):
        gate.clear()
        for _ in range(60):
            program.post("/run_model", json=asked).raise_for_status()

        event = program.post("/history", json={"data": ["", 100]}).json()["event_id"]
        try:
            answer = program.get(f"/history/{event}")
        finally:
            gate.set()

    assert "event: complete" in answer.text


def test_the_command_serves_the_page_until_it_is_told_to_end(tmp_path: Path) -> None:
    asked = [sys.executable, "app.py", "--offline", "--no-browser", "--port=0"]
    with subprocess.Popen(
        [*asked, f"--data-dir={tmp_path}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        page = httpx2.get(said.split()[4])
        process.send_signal(signal.SIGTERM)

        assert "Replicate Playground is on http://127.0.0.1:" in said
        assert page.status_code == 200
        assert process.wait(timeout=20) == 0


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        asked = [sys.executable, "app.py", "--offline", "--no-browser", f"--port={port}"]

        ended = subprocess.run(
            [*asked, f"--data-dir={tmp_path}"], cwd=ROOT, capture_output=True, text=True
        )

    assert ended.returncode == 1
    assert f"Can't listen on 127.0.0.1:{port}" in ended.stderr
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_of_schemas_that_is_not_there_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "nowhere"

    with pytest.raises(SystemExit) as caught:
        main([f"--schemas={folder}"])

    assert caught.value.code == 2
    assert f"{folder} is no folder\n" in capsys.readouterr().err
