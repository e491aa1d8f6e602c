from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core.errors import SettingsError
from core.settings import Settings

TOKEN = "r8_0123456789abcdefghijklmnopqrstuvwxyzA"


@pytest.fixture(autouse=True)
def dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, and the `.env` that is read from it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    return tmp_path / ".env"


def token_of(settings: Settings) -> str | None:
    token = settings.replicate_api_token
    return None if token is None else token.get_secret_value()


def test_nothing_has_to_be_set() -> None:
    settings = Settings()

    assert token_of(settings) is None
    assert settings.base_url == "https://api.replicate.com"
    assert (settings.max_retries, settings.timeout_seconds) == (3, 600)
    assert (settings.log_level, settings.log_json) == ("info", False)
    assert settings.database_url_or_default.endswith("/history.db")


@pytest.mark.parametrize(
    ("variable", "value", "field", "read"),
    [
        ("REPLICATE_BASE_URL", "http://127.0.0.1:8600", "base_url", "http://127.0.0.1:8600"),
        ("REPLICATE_MAX_RETRIES", "5", "max_retries", 5),
        ("REPLICATE_TIMEOUT", "90.5", "timeout_seconds", 90.5),
        ("PLAYGROUND_DATA_DIR", "/data", "data_dir", Path("/data")),
        ("PLAYGROUND_DATABASE_URL", "postgresql://x/y", "database_url", "postgresql://x/y"),
        ("PLAYGROUND_MAX_RUNNING", "8", "max_running", 8),
        ("PLAYGROUND_DEMO_SPEED", "2.5", "demo_speed", 2.5),
        ("PLAYGROUND_MAX_DOWNLOAD_BYTES", "1000", "max_download_bytes", 1000),
        ("PLAYGROUND_LOG_LEVEL", "DEBUG", "log_level", "debug"),
        ("PLAYGROUND_LOG_JSON", "true", "log_json", True),
    ],
)
def test_each_setting_is_read_from_its_variable_and_from_dotenv(
    monkeypatch: pytest.MonkeyPatch,
    dotenv: Path,
    variable: str,
    value: str,
    field: str,
    read: Any,
) -> None:
    dotenv.write_text(f"{variable}={value}\n")
    from_file = Settings()
    dotenv.unlink()
    monkeypatch.setenv(variable, value)
    from_environment = Settings()

    assert getattr(from_file, field) == read
    assert getattr(from_environment, field) == read


@pytest.mark.parametrize("variable", ["REPLICATE_API_TOKEN", "REPLICATE_API_KEY"])
def test_the_token_is_read_from_either_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, TOKEN)

    assert token_of(Settings()) == TOKEN


def test_of_both_variables_the_token_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_KEY", "key")
    monkeypatch.setenv("REPLICATE_API_TOKEN", "token")

    assert token_of(Settings()) == "token"


@pytest.mark.parametrize("variable", ["REPLICATE_API_TOKEN", "REPLICATE_API_KEY"])
def test_the_environment_comes_before_dotenv(
    monkeypatch: pytest.MonkeyPatch, dotenv: Path, variable: str
) -> None:
    dotenv.write_text("REPLICATE_API_TOKEN=file\nREPLICATE_API_KEY=file\n")
    monkeypatch.setenv(variable, "environment")

    assert token_of(Settings()) == "environment"


@pytest.mark.parametrize("variable", ["REPLICATE_API_TOKEN", "REPLICATE_API_KEY"])
def test_what_a_program_gives_comes_before_everything(
    monkeypatch: pytest.MonkeyPatch, dotenv: Path, variable: str
) -> None:
    monkeypatch.setenv(variable, "a real token")
    monkeypatch.setenv("REPLICATE_BASE_URL", "https://real.example")
    dotenv.write_text(f"{variable}=another real token\n")

    settings = Settings(replicate_api_token=SecretStr("demo"), base_url="http://127.0.0.1:1")

    assert (token_of(settings), settings.base_url) == ("demo", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    "variable",
    ["BASE_URL", "DATABASE_URL", "DATA_DIR", "LOG_LEVEL", "TIMEOUT_SECONDS", "MAX_RETRIES"],
)
def test_variables_of_other_programs_are_not_read(
    monkeypatch: pytest.MonkeyPatch, dotenv: Path, variable: str
) -> None:
    before = Settings()
    dotenv.write_text(f"{variable}=https://elsewhere.example\n")
    monkeypatch.setenv(variable, "https://elsewhere.example")

    assert Settings() == before


@pytest.mark.parametrize("value", ["", "   ", "\n"])
def test_an_empty_token_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", value)

    assert token_of(Settings()) is None


def test_a_pasted_token_loses_its_line_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", f" {TOKEN}\r\n")

    assert token_of(Settings()) == TOKEN


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.replicate.com", "https://api.replicate.com"),
        ("https://api.replicate.com/", "https://api.replicate.com"),
        ("https://api.replicate.com/v1", "https://api.replicate.com"),
        ("https://api.replicate.com/v1/", "https://api.replicate.com"),
        ("http://127.0.0.1:8600/v1", "http://127.0.0.1:8600"),
        ("https://proxy.example/replicate/v1", "https://proxy.example/replicate"),
    ],
)
def test_a_base_url_may_end_in_v1_or_not(
    monkeypatch: pytest.MonkeyPatch, url: str, origin: str
) -> None:
    monkeypatch.setenv("REPLICATE_BASE_URL", url)

    assert Settings().base_url == origin


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("REPLICATE_API_TOKEN", "r8_ab cd", "characters that no token has"),
        ("REPLICATE_API_TOKEN", "r8_ä", "characters that no token has"),
        ("REPLICATE_BASE_URL", "api.replicate.com", "https://"),
        ("REPLICATE_BASE_URL", "ftp://x", "https://"),
        ("REPLICATE_BASE_URL", "https://", "https://"),
        ("REPLICATE_BASE_URL", "https:///v1", "https://"),
        ("REPLICATE_BASE_URL", "https://x.test:port", "https://"),
        ("REPLICATE_MAX_RETRIES", "0", "greater than or equal to 1"),
        ("REPLICATE_MAX_RETRIES", "many", "integer"),
        ("REPLICATE_TIMEOUT", "soon", "number"),
        ("REPLICATE_TIMEOUT", "4", "greater than or equal to 5"),
        ("REPLICATE_TIMEOUT", "inf", "finite"),
        ("REPLICATE_TIMEOUT", "nan", "number"),
        ("PLAYGROUND_MAX_RUNNING", "0", "greater than or equal to 1"),
        ("PLAYGROUND_LOG_LEVEL", "loud", "'debug'"),
        ("PLAYGROUND_LOG_JSON", "perhaps", "boolean"),
    ],
)
def test_a_value_that_cant_be_used_gives_one_sentence_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as caught:
        Settings()

    sentence = str(caught.value)
    assert sentence.startswith(f"{variable} can't be used: ")
    assert reason in sentence
    assert sentence.count("\n") == 0


def test_a_programs_value_that_cant_be_used_gives_the_same_sentence() -> None:
    with pytest.raises(SettingsError, match=r"^REPLICATE_TIMEOUT can't be used: "):
        Settings(timeout_seconds=1)


def test_a_bad_token_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", f"{TOKEN} x")

    with pytest.raises(SettingsError) as caught:
        Settings()

    assert TOKEN not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_secrets_are_hidden_in_what_settings_look_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", TOKEN)
    monkeypatch.setenv("PLAYGROUND_DATABASE_URL", "postgresql://me:hunter2@x/y")

    settings = Settings()

    for text in (repr(settings), str(settings), f"{settings}", repr([settings])):
        assert TOKEN not in text
        assert "hunter2" not in text
    assert TOKEN not in settings.model_dump_json()


def test_settings_dont_change() -> None:
    settings = Settings()

    with pytest.raises(Exception, match="frozen"):
        settings.base_url = "https://elsewhere.example"


def test_what_dotenv_says_beside_is_ignored(dotenv: Path) -> None:
    dotenv.write_text("SOMETHING_ELSE=1\nREPLICATE_TIMEOUT=\n")

    assert Settings().timeout_seconds == 600
