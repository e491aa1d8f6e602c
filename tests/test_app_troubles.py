"""The app starts without a network, and goes on by itself when there is one."""

import json
from pathlib import Path

import httpx2
import pytest
from gradio_client import Client

from core.emulator import Emulator
from core.models.cache import DescriptionCache
from tests.app_process import App, free_port

ASKED = ("black-forest-labs/flux-schnell", json.dumps({"prompt": "a fox"}))


def test_without_a_network_a_new_token_runs_nothing_until_its_account_is_known(
    tmp_path: Path,
) -> None:
    port = free_port()
    with App(tmp_path, api_url=f"http://127.0.0.1:{port}").running() as url:
        assert httpx2.get(url).status_code == 200
        program = Client(url, verbose=False, analytics_enabled=False)
        with pytest.raises(Exception, match=r"Can't reach 127\.0\.0\.1"):
            program.predict(*ASKED, api_name="/run_model")
        with Emulator(port=port, speed=100.0, rate_limits=False) as emulator:
            result, _ = program.predict(*ASKED, api_name="/run_model")
            made = len(emulator.predictions)
        program.close()

    assert (result["status"], made) == ("succeeded", 1)
    assert "emulator" in (tmp_path / "accounts.json").read_text()
    [kept] = (tmp_path / "cache" / "models").iterdir()
    assert DescriptionCache(kept.parent).load(f"http://127.0.0.1:{port}#emulator", ASKED[0])
