import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from core.client.client import AsyncReplicateClient
from core.emulator import Emulator
from core.emulator.faults import Fault
from core.errors import PlaygroundError
from core.logs import LOGGER_NAME, clean, configure_logging, get_logger
from core.settings import Settings
from tests.core.parts import TOKEN

ROOT = Path(__file__).parents[2]
OTHER_TOKEN = "r8_zyxwvutsrqponmlkjihgfedcba9876543210Z"
WEBHOOK_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
FORMATS = pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])


class Written:
    """What was written to stderr so far, and to stdout."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = self._stdout = ""

    def _read(self) -> None:
        new = self._capsys.readouterr()
        self._text += new.err
        self._stdout += new.out

    @property
    def text(self) -> str:
        self._read()
        return self._text

    @property
    def stdout(self) -> str:
        self._read()
        return self._stdout

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Written:
    """What is written."""
    return Written(capsys)


def configure(*, as_json: bool, level: str = "debug", token: str = TOKEN) -> None:
    configure_logging(
        Settings(replicate_api_token=SecretStr(token), log_json=as_json, log_level=level)
    )


@dataclass
class Holder:
    token_inside: str


# --- secrets


@FORMATS
@pytest.mark.parametrize(
    "value",
    [
        TOKEN,
        f"a sentence with {TOKEN} in it",
        f"Bearer {TOKEN}",
        {"headers": {"x": [TOKEN, (TOKEN, {"deep": TOKEN})]}},
        {TOKEN: 1},
        {TOKEN, "x"},
        TOKEN.encode(),
        Holder(TOKEN),
        ValueError(f"bad {TOKEN}"),
        httpx2.URL(f"https://x.test/?key={TOKEN}"),
        [httpx2.Headers({"x-key": TOKEN})],
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_token_is_hidden_wherever_it_lies(output: Written, as_json: bool, value: Any) -> None:
    configure(as_json=as_json)

    get_logger().info("something.happened", detail=value)

    assert TOKEN not in output.text
    assert "[hidden]" in output.text


@FORMATS
@pytest.mark.parametrize("secret", [OTHER_TOKEN, WEBHOOK_KEY, "Bearer abc.def", "bearer abc.def"])
def test_any_secret_is_hidden_by_its_form(output: Written, as_json: bool, secret: str) -> None:
    configure(as_json=as_json)

    get_logger().info(f"event with {secret}", detail=f"text {secret}, more")

    assert secret.rpartition(" ")[2] not in output.text
    assert output.text.count("[hidden]") == 2


@FORMATS
@pytest.mark.parametrize(
    "key",
    [
        "token",
        "secret",
        "password",
        "Authorization",
        "api_token",
        "REPLICATE_API_TOKEN",
        "REPLICATE_API_KEY",
        "x-api-key",
        "webhook_secret",
    ],
)
def test_a_secret_is_hidden_by_its_key_whatever_its_form(
    output: Written, as_json: bool, key: str
) -> None:
    configure(as_json=as_json)

    get_logger().info("x", **{key: "plain-looking"}, nested={"a": [{key: ["plain-looking"]}]})

    assert "plain-looking" not in output.text


@FORMATS
def test_a_token_of_any_form_is_hidden_once_it_is_configured(
    output: Written, as_json: bool
) -> None:
    configure(as_json=as_json, token="an-unusual-token")

    get_logger().info("x", detail="with an-unusual-token inside")

    assert "an-unusual-token" not in output.text


def test_what_is_no_secret_is_shown() -> None:
    event = {
        "event": "prediction.succeeded",
        "token_input_count": 12,
        "seconds": 1.5,
        "ok": True,
        "none": None,
        "cursor": "abc",
    }

    assert clean(event) == event


@FORMATS
def test_tracebacks_have_no_token_and_no_local_variables(output: Written, as_json: bool) -> None:
    configure(as_json=as_json)

    def fail(local_variable: str) -> None:
        kept = local_variable + " kept in a local"
        raise ValueError(f"failed with {TOKEN}", len(kept))

    try:
        try:
            fail(" ".join(["private", "words"]))
        except ValueError as error:
            raise RuntimeError(f"wrapped {OTHER_TOKEN}") from error
    except RuntimeError:
        get_logger().exception("something.failed")

    text = output.text
    assert "ValueError" in text
    assert "RuntimeError" in text
    assert TOKEN not in text
    assert OTHER_TOKEN not in text
    assert "private words" not in text


def test_a_traceback_on_a_terminal_is_as_clean(
    output: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure(as_json=False)

    get_logger().error("something.failed", exc_info=ValueError(f"failed with {TOKEN}"))

    assert "ValueError" in output.text
    assert TOKEN not in output.text


@FORMATS
async def test_a_whole_run_at_debug_with_failures_never_shows_the_token(
    output: Written,
    small_emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    as_json: bool,
) -> None:
    configure(as_json=as_json)
    caplog.set_level(logging.DEBUG)
    settings = Settings(base_url=small_emulator.url, replicate_api_token=SecretStr(TOKEN))
    small_emulator.inject(
        Fault(method="GET", status=500, body=json.dumps({"detail": f"Bearer {TOKEN} is odd"})),
        Fault(method="GET", drop=True),
        Fault(method="POST", status=401, body=json.dumps({"detail": f"no such token {TOKEN}"})),
    )

    async with AsyncReplicateClient(settings) as client:
        with pytest.raises(PlaygroundError):
            await client.run_model("acme/words", {"prompt": "hello"})
        await client.get_account()
        await client.run_model("acme/words", {"prompt": f"my token is {TOKEN}"})
        try:
            await client.run_model("acme/broken", {"prompt": "hello"})
        except PlaygroundError:
            get_logger().exception("run.failed", client=client, settings=settings)

    text = output.text + caplog.text
    assert "request.retried" in text
    assert "prediction.created" in text
    assert "run.failed" in text
    assert "httpcore" in text
    assert TOKEN not in text


# --- prompts, levels, forms


@FORMATS
@pytest.mark.parametrize(("level", "is_shown"), [("debug", True), ("info", False)])
async def test_prompts_are_logged_at_debug_only(
    output: Written, small_emulator: Emulator, as_json: bool, level: str, is_shown: bool
) -> None:
    configure(as_json=as_json, level=level)
    settings = Settings(base_url=small_emulator.url, replicate_api_token=SecretStr(TOKEN))

    async with AsyncReplicateClient(settings) as client:
        await client.run_model("acme/words", {"prompt": "my private words"})

    assert "prediction.created" in output.text
    assert ("my private words" in output.text) == is_shown


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_what_is_below_the_level_is_silent(output: Written, level: str, shown: list[str]) -> None:
    configure(as_json=True, level=level)

    for name in ("debug", "info", "warning", "error"):
        getattr(get_logger(), name)("x")

    assert [line["level"] for line in output.lines] == shown


def test_each_line_of_json_is_one_event_with_its_time(output: Written) -> None:
    configure(as_json=True)

    get_logger().bind(prediction_id="abc").info("prediction.succeeded", text="two\nlines “é”")
    get_logger().error("something.failed", detail=Holder("x"), exc_info=ValueError("x"))

    first, second = output.lines
    assert (first["event"], first["level"]) == ("prediction.succeeded", "info")
    assert (first["prediction_id"], first["text"]) == ("abc", "two\nlines “é”")
    assert first["timestamp"].endswith("Z")
    assert second["exception"] == "ValueError: x"


def test_text_is_for_people(output: Written) -> None:
    configure(as_json=False)

    get_logger().info("prediction.succeeded", prediction_id="abc", seconds=3.2)

    line = output.text
    assert "prediction.succeeded" in line
    assert "prediction_id=abc" in line
    assert "seconds=3.2" in line
    assert "\x1b" not in line


def test_configuring_again_replaces_what_was_configured(
    output: Written, caplog: pytest.LogCaptureFixture
) -> None:
    configure(as_json=False)
    configure(as_json=True)

    get_logger().warning("request.retried")

    assert [line["event"] for line in output.lines] == ["request.retried"]
    assert caplog.records == []  # nor is it shown again by who handles everything


# --- in a program that uses core


@pytest.fixture
def host(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What a program that handles every record gets."""
    caplog.set_level(logging.DEBUG)
    return caplog


def test_an_event_is_one_line_with_its_keys_and_has_them_as_attributes(
    host: pytest.LogCaptureFixture,
) -> None:
    log = get_logger().bind(prediction_id="abc", model="acme/fox")

    log.info("prediction.succeeded", seconds=3.2, text="two\nlines", files=["a", {"b": None}], x="")

    [record] = host.records
    assert record.getMessage() == (
        "prediction.succeeded prediction_id=abc model=acme/fox seconds=3.2 "
        r"text='two\nlines' files=['a', {'b': None}] x=''"
    )
    assert (record.name, record.levelname) == (LOGGER_NAME, "INFO")
    own = vars(record)
    assert (own["event"], own["prediction_id"], own["seconds"]) == (
        "prediction.succeeded",
        "abc",
        3.2,
    )
    assert (own["text"], own["files"]) == ("two\nlines", ["a", {"b": None}])


def test_a_record_says_where_it_comes_from(host: pytest.LogCaptureFixture) -> None:
    get_logger().bind(a=1).warning("request.retried")
    try:
        int("x")
    except ValueError:
        get_logger().exception("something.failed")

    here = "test_a_record_says_where_it_comes_from"
    assert [(record.funcName, record.filename) for record in host.records] == [
        (here, "test_logs.py"),
        (here, "test_logs.py"),
    ]


def test_keys_that_a_record_has_by_itself_are_kept_beside_them(
    host: pytest.LogCaptureFixture,
) -> None:
    get_logger().info("x.y", name="n", args=[1], message="m", event="e", self=2)

    [record] = host.records
    assert record.getMessage() == "x.y name=n args=[1] message=m event=e self=2"
    own = vars(record)
    assert (own["name_"], own["args_"], own["message_"], own["event_"]) == ("n", [1], "m", "e")


def test_a_record_is_clean_whoever_writes_it(host: pytest.LogCaptureFixture) -> None:
    try:
        int(TOKEN)
    except ValueError:
        log = get_logger().bind(api_token="plain-looking")
        log.exception(f"x {TOKEN}", detail=[{TOKEN: TOKEN}])

    [record] = host.records
    assert record.exc_info is None
    assert "with base 10: '[hidden]'" in str(record.exc_text)
    assert TOKEN not in f"{vars(record)} {logging.Formatter().format(record)}"
    assert "plain-looking" not in str(vars(record))


def test_a_percent_sign_is_a_percent_sign(host: pytest.LogCaptureFixture) -> None:
    get_logger().info("x.y", text="100 %s of %d")

    assert host.records[0].getMessage() == "x.y text='100 %s of %d'"


class Unwritable:
    def __repr__(self) -> str:
        raise AssertionError("it was written though nobody reads it")


def test_what_isnt_shown_is_not_prepared() -> None:
    logging.getLogger(LOGGER_NAME).setLevel(logging.ERROR)

    get_logger().bind(a=Unwritable()).warning("x.y", b=Unwritable())

    with pytest.raises(AssertionError):
        get_logger().error("x.y", b=Unwritable())


UNCONFIGURED = f"""
get_logger().debug("prediction.input", input="my private words")
get_logger().info("prediction.created")
get_logger().warning("request.retried", error="Bearer {TOKEN}")
"""


def run(*lines: str) -> subprocess.CompletedProcess[str]:
    """Run a program that uses core, without pytest's own logging."""
    script = "\n".join(["import logging, sys", "from core.logs import get_logger", *lines])
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )


def test_a_program_that_configures_nothing_sees_warnings_only_and_no_token() -> None:
    finished = run(UNCONFIGURED)

    assert finished.stderr == "request.retried error='Bearer [hidden]'\n"
    assert finished.stdout == ""


@pytest.mark.parametrize(
    "silence",
    [
        "logging.basicConfig(level='ERROR')",
        "logging.getLogger('replicate_playground').setLevel('ERROR')",
        "logging.getLogger('replicate_playground').addHandler(logging.NullHandler())",
        "logging.disable()",
    ],
)
def test_a_program_silences_it_as_it_does_any_logger(silence: str) -> None:
    assert run(silence, UNCONFIGURED).stderr == ""


def test_a_program_writes_it_in_its_own_form() -> None:
    form = "%(levelname)s|%(name)s|%(event)s|%(error)s"

    finished = run(f"logging.basicConfig(stream=sys.stdout, format={form!r})", UNCONFIGURED)

    assert finished.stdout == ("WARNING|replicate_playground|request.retried|Bearer [hidden]\n")
    assert finished.stderr == ""


def test_a_programs_own_structlog_changes_nothing() -> None:
    configured = """
import structlog
structlog.configure(processors=[lambda *_: 1 / 0], logger_factory=structlog.PrintLoggerFactory())
"""
    assert run(configured, UNCONFIGURED).stderr == run(UNCONFIGURED).stderr


def test_importing_core_configures_nothing() -> None:
    finished = run(
        "import core",
        "loggers = [logging.getLogger(), logging.getLogger('replicate_playground')]",
        "print(*[(one.handlers, one.level, one.propagate) for one in loggers])",
        "print('structlog' in sys.modules)",
    )

    assert finished.stdout == "([], 30, True) ([], 0, True)\nFalse\n"
