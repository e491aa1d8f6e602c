import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core.errors import SettingsError
from core.settings import Settings, SettingsValues

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
    assert settings.database_url_or_default.database == str(settings.data_dir / "history.db")


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
    ("url", "base_url", "api_url"),
    [
        (
            "https://api.replicate.com",
            "https://api.replicate.com",
            "https://api.replicate.com/v1",
        ),
        ("https://api.replicate.com/", "https://api.replicate.com", "https://api.replicate.com/v1"),
        (" https://x.test/v1/ ", "https://x.test", "https://x.test/v1"),
        ("http://127.0.0.1:8600/v1", "http://127.0.0.1:8600", "http://127.0.0.1:8600/v1"),
        ("http://127.0.0.1:8600", "http://127.0.0.1:8600", "http://127.0.0.1:8600/v1"),
        ("https://v1", "https://v1", "https://v1/v1"),
        *(
            (url, url.rstrip("/"), url.rstrip("/"))
            for url in (
                "https://gateway.example/v1/acc/gw/replicate",
                "https://gateway.example/replicate/",
                "https://gateway.example/replicate/v1",
                "https://gateway.example/v2",
            )
        ),
    ],
)
def test_a_base_url_is_taken_as_given_and_gets_v1_if_it_has_no_path(
    monkeypatch: pytest.MonkeyPatch, url: str, base_url: str, api_url: str
) -> None:
    monkeypatch.setenv("REPLICATE_BASE_URL", url)

    assert (Settings().base_url, Settings().api_url) == (base_url, api_url)
    assert Settings(base_url=url) == Settings(base_url=Settings().base_url)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("REPLICATE_BASE_URL", "api.replicate.com", "https://"),
        ("REPLICATE_BASE_URL", "ftp://x", "https://"),
        ("REPLICATE_BASE_URL", "https://", "https://"),
        ("REPLICATE_BASE_URL", "https:///v1", "https://"),
        ("REPLICATE_BASE_URL", "https://x.test:port", "https://"),
        ("REPLICATE_BASE_URL", "https://x.test/v1?key=1", "without ? and #"),
        ("REPLICATE_BASE_URL", "https://x.test/#v1", "without ? and #"),
        ("REPLICATE_MAX_RETRIES", "0", "greater than or equal to 1"),
        ("REPLICATE_MAX_RETRIES", "11", "less than or equal to 10"),
        ("REPLICATE_MAX_RETRIES", "many", "integer"),
        ("REPLICATE_TIMEOUT", "soon", "number"),
        ("REPLICATE_TIMEOUT", "4", "greater than or equal to 5"),
        ("REPLICATE_TIMEOUT", "inf", "finite"),
        ("REPLICATE_TIMEOUT", "-inf", "finite"),
        ("REPLICATE_TIMEOUT", "nan", "number"),
        ("REPLICATE_TIMEOUT", "1e300", "less than or equal to 604800"),
        ("PLAYGROUND_DATA_DIR", "~nobody-of-that-name/x", "no home folder"),
        ("PLAYGROUND_DATABASE_URL", "history.db", "sqlite:////data/history.db"),
        ("PLAYGROUND_DATABASE_URL", "postgresql://me@x:port/y", "sqlite:////data/history.db"),
        ("PLAYGROUND_DEMO_SPEED", "nan", "1000"),
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout_seconds", 1),
        ("timeout_seconds", float("inf")),
        ("max_retries", 0),
        ("base_url", None),
        ("replicate_api_token", "a b"),
        ("replicate_api_token", 5),
        ("data_dir", None),
        ("database_url", "x"),
        ("log_level", "loud"),
    ],
)
def test_a_programs_value_that_cant_be_used_gives_a_sentence_with_its_own_name(
    name: str, value: Any
) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} can't be used: [^\n]*\.$"):
        Settings(**{name: value})  # type: ignore[misc]


@pytest.mark.parametrize("variable", ["REPLICATE_API_TOKEN", "REPLICATE_API_KEY"])
@pytest.mark.parametrize("value", ["r8_ab cd", "r8_ä"])
def test_a_token_that_cant_be_one_gives_a_sentence_with_both_variables(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError) as caught:
        Settings()

    assert str(caught.value) == (
        "REPLICATE_API_TOKEN or REPLICATE_API_KEY can't be used: "
        "it has characters that no token has."
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("api_token", "replicate_api_token"),
        ("token", "replicate_api_token"),
        ("api_key", "replicate_api_token"),
        ("REPLICATE_API_TOKEN", "replicate_api_token"),
        ("REPLICATE_TIMEOUT", "timeout_seconds"),
        ("timeout", "timeout_seconds"),
        ("retries", "max_retries"),
        ("api_url", "base_url"),
        ("Base_URL", "base_url"),
    ],
)
def test_a_setting_that_there_isnt_is_refused_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "somebody else's")

    with pytest.raises(SettingsError) as caught:
        Settings(**{name: "mine"})  # type: ignore[misc]

    assert str(caught.value) == f"There is no setting {name}: did you mean {meant}?"


def test_a_setting_that_is_like_none_is_refused_with_all_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"^There is no setting _: they are .*, log_json\.$"):
        Settings(_=1)  # type: ignore[call-arg]


def test_a_type_checker_knows_each_setting() -> None:
    assert SettingsValues.__annotations__.keys() == Settings.model_fields.keys()


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


@pytest.mark.parametrize("given", ["~/some data", "~"])
def test_the_data_folder_may_be_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", given)

    assert Settings().data_dir == Path(given.replace("~", str(tmp_path)))
    assert Settings(data_dir=given) == Settings(data_dir=Path(given)) == Settings()


@pytest.mark.parametrize("given", ["data", "./data", "a~b", "/data/~", "100% #1? My%20Pictures ü"])
def test_any_other_folder_is_taken_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", given)

    settings = Settings()

    assert settings.data_dir == Path(given)
    assert settings.database_url_or_default.database == str(Path(given, "history.db"))


def test_a_database_url_is_read_as_sqlalchemy_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYGROUND_DATABASE_URL", "postgresql://me:a%40b@x:1/y?z=1")

    url = Settings().database_url_or_default

    assert (url.username, url.password, url.host, url.port) == ("me", "a@b", "x", 1)


# --- .env


TEXT = "# größer\nREPLICATE_TIMEOUT=90\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_dotenv_is_in_utf_8_with_its_mark_or_without(dotenv: Path, encoding: str) -> None:
    dotenv.write_text(TEXT.removeprefix("# größer\n"), encoding)
    assert Settings().timeout_seconds == 90

    dotenv.write_text(TEXT, encoding)
    assert Settings().timeout_seconds == 90


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_dotenv_in_another_encoding_is_refused(dotenv: Path, encoding: str) -> None:
    dotenv.write_text(TEXT, encoding)

    with pytest.raises(SettingsError, match=r"^\.env is not in UTF-8: save it as that\.$"):
        Settings()


def a_folder(dotenv: Path) -> None:
    dotenv.mkdir()


def a_broken_link(dotenv: Path) -> None:
    dotenv.symlink_to("none")


def a_link_to_itself(dotenv: Path) -> None:
    dotenv.symlink_to(dotenv)


@pytest.mark.parametrize("make", [a_folder, a_broken_link, a_link_to_itself])
def test_a_dotenv_that_is_no_file_is_not_passed_over(
    dotenv: Path, make: Callable[[Path], None]
) -> None:
    make(dotenv)

    with pytest.raises(SettingsError, match=r"^\.env can't be read: it is not a file\.$"):
        Settings()


def test_a_dotenv_that_cant_be_read_is_refused(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv.write_text(TEXT)

    def refuse(*_: Any, **__: Any) -> Any:  # whoever runs this may be allowed to read everything
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("builtins.open", refuse)

    with pytest.raises(SettingsError, match=r"^\.env can't be read: Permission denied\.$"):
        Settings()
