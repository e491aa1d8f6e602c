"""Copied code runs exactly what was run: it is executed here, and what arrives is compared."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from core import InvalidInput, reset_replicate_client
from core.emulator import Emulator
from core.emulator.runner import Context, File, ModelCard, Run, Runner, Step, Token, Value
from core.history.records import Job, MediaFile
from core.jobs.intents import job_folder
from ui.views.snippets import curl_code, javascript_code, python_code

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9
PICTURES, WORDS, COMMUNITY = "a" * 64, "b" * 64, "c" * 64
_FILES = {"type": "array", "items": {"type": "string", "format": "uri"}}
_TEXT = {"type": "array", "items": {"type": "string"}, "x-cog-array-type": "iterator"}


async def _draw(_: Mapping[str, Any], __: Context) -> AsyncIterator[Step]:
    yield File(PNG, "out-0.png", "image/png")


async def _say(_: Mapping[str, Any], __: Context) -> AsyncIterator[Step]:
    yield Token("Well, ")
    yield Token("well.")


async def _weigh(_: Mapping[str, Any], __: Context) -> AsyncIterator[Step]:
    yield Value({"grams": 12})


def _runner(name: str, run: Run, output: dict[str, Any], version: str, official: bool) -> Runner:
    """A model that takes anything."""
    card = ModelCard(
        owner="acme",
        name=name,
        description="For tests",
        input={"type": "object", "title": "Input", "properties": {}},
        output=output,
        version=version,
        is_official=official,
    )
    return Runner(card, run)


async def _mix(_: Mapping[str, Any], __: Context) -> AsyncIterator[Step]:
    pictures = [[File(PNG, "out-0.png", "image/png")], [File(PNG, "out-1.png", "image/png")]]
    yield Value({"views": pictures, "words": File(b"a fox", "out-2.txt", "text/plain"), "seed": 7})


RUNNERS = (
    _runner("pictures", _draw, _FILES, PICTURES, official=True),
    _runner("words", _say, _TEXT, WORDS, official=True),
    _runner("scales", _weigh, {"type": "object"}, "e" * 64, official=True),
    _runner("mixed", _mix, {"type": "object"}, "f" * 64, official=True),
    _runner("community", _draw, _FILES, COMMUNITY, official=False),
)


def a_job(model_input: Mapping[str, Any], **changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": "job1",
        "backend": "emulator",
        "owner": "local",
        "kind": "chat",
        "model": "acme/words",
        "input": model_input,
        "created_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    }
    return Job(**(values | changes))


def a_file(name: str) -> str:
    """Return how a job's input refers to one of the job's files."""
    return f"media:{job_folder(a_job({}))}/{name}"


def a_picture(key: str = "local/2026-03/job1/0.png") -> MediaFile:
    return MediaFile(n=0, key=key, name="fox.png", media_type="image/png", bytes=9, sha256="ab")


INPUTS: dict[str, Mapping[str, Any]] = {
    "plain": {"prompt": "a fox", "seed": 7},
    "nothing": {},
    "quotes": {"prompt": """He said "it's 'fine'", ''' and \"\"\" too"""},
    "lines": {"prompt": "one\ntwo\r\nthree\rfour\n\n\ttabbed\n"},
    "shell": {"prompt": "$HOME ${HOME} $(echo no) `echo no` \\$HOME \\`x\\` !! !x ~ * ; # & | > <"},
    "documents": {"prompt": "JSON\nJSON\n'JSON'\nEOF\n<<JSON\n"},
    "backslashes": {"prompt": '\\ \\\\ \\\\\\ \\n \\u0041 C:\\new\\\\table \\" \\'},
    "html": {"prompt": "</script><script>alert(1)</script> <!-- & &amp; ]]>"},
    "emoji": {"prompt": "🦊 👩‍👧 🏳️‍🌈 é e\u0301 “春风送茶香”\u3000"},
    "unseen": {"prompt": "\x01\x1b[31m\x7f\x85\u00a0\u00ad\u202e\u2028\u2029\ufeff\U000e0041|"},
    "templates": {"prompt": "${1 + 1} {prompt} {{x}} %s %(x)s %d \\x41"},
    "like other things": {"prompt": "media: the news", "a": "[hidden] thing", "b": "None true"},
    "another's file": {"prompt": "media:other/2026-03/job9/input-0.png"},
    "numbers": {"a": 0, "b": -3, "c": 1.5, "d": 1e-7, "e": 1e22, "f": 2**53 - 1, "g": 0.1},
    "constants": {"yes": True, "no": False, "nothing": None, "list": [True, None, False]},
    "lists": {"short": [1, 2.5, "x"], "none": [], "long": ["word" * 9] * 9, "deep": [[1], [[]]]},
    "objects": {"options": {"a": {"b": [{"c": 1}, {}]}, "none": {}}, "messages": [{"role": "x"}]},
    "keys": {"two words": 1, 'quo"te': 2, "$x": 3, "ключ": 4, "a-b": 5, "`y`": 6, "o": {"\\n": 7}},
    "prototype": {"o": json.loads('{"__proto__": {"x": 1}}')},
}

nasty = pytest.mark.parametrize("given", INPUTS.values(), ids=INPUTS)

MODELS = pytest.mark.parametrize(
    ("model", "version", "path"),
    [
        ("acme/words", "hidden", "/v1/models/acme/words/predictions"),
        ("acme/words", None, "/v1/models/acme/words/predictions"),
        (f"acme/words:{WORDS}", WORDS, "/v1/predictions"),
        (WORDS, WORDS, "/v1/predictions"),
        ("acme/community", COMMUNITY, "/v1/predictions"),
        ("deployments/emulator/desk", "dp-1", "/v1/deployments/emulator/desk/predictions"),
    ],
    ids=["official", "official, failed early", "pinned", "version", "community", "deployment"],
)


@pytest.fixture(scope="module")
def busy_emulator() -> Iterator[Emulator]:
    """One emulator for all the code of this module, which only looks at its last prediction."""
    with Emulator(port=0, speed=1000.0, rate_limits=False, runners=RUNNERS) as emulator:
        made = httpx2.post(
            f"{emulator.url}/v1/deployments",
            headers={"Authorization": "Bearer anything"},
            json={
                "name": "desk",
                "model": "acme/words",
                "version": WORDS,
                "hardware": "cpu",
                "min_instances": 0,
                "max_instances": 1,
            },
        )
        assert made.json()["owner"] == "emulator"
        yield emulator


@pytest.fixture
def emulator(
    busy_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """An empty folder to work in, and an environment that knows the emulator."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLICATE_BASE_URL", busy_emulator.url)
    monkeypatch.setenv("REPLICATE_API_TOKEN", "anything")
    reset_replicate_client()
    yield busy_emulator
    reset_replicate_client()


def needed(program: str, *, by_the_gate: bool = True) -> str:
    """Return where a program is; without it the test is skipped, or fails where the gate runs."""
    if (found := shutil.which(program)) is not None:
        return found
    reason = f"no {program} here: install it"
    if by_the_gate and os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run_python(code: str) -> None:
    exec(compile(code, "snippet.py", "exec"), {"__name__": "__main__"})


def run_shell(code: str, *, shell: str = "bash") -> subprocess.CompletedProcess[str]:
    needed("curl")
    return subprocess.run(
        [needed(shell)], input=code, capture_output=True, text=True, encoding="utf-8", timeout=30
    )


def run_curl(code: str, *, shell: str = "bash") -> Any:
    """Run the code and return the prediction that it prints."""
    done = run_shell(code, shell=shell)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


_PACKAGE = """
import { writeFileSync } from "node:fs";
const asJson = (key, value) =>
  value?.type === "Buffer" ? "base64:" + Buffer.from(value.data).toString("base64") : value;
const kept = (call, output, ...rest) => {
  writeFileSync("call.json", JSON.stringify([call, ...rest], asJson));
  return output;
};
const png = Buffer.from("a picture");
const url = "data:image/png;base64," + png.toString("base64");
export default class {
  constructor(options) {
    this.givesUrls = options?.useFileOutput === false;
  }
  run(model, { input }) {
    if (this.givesUrls) return kept("run", { views: [[url]] }, model, input);
    const stream = () => new Blob([png]).stream();
    if (model.includes("nested")) return kept("run", [[stream()], [stream()]], model, input);
    if (model.includes("words")) return kept("run", ["Well, ", "well."], model, input);
    return kept("run", [stream(), stream()], model, input);
  }
  predictions = {
    create: ({ version, input }) => kept("create", { output: [url] }, version, input),
  };
  deployments = {
    predictions: {
      create: (owner, name, { input }) =>
        kept("deploy", { output: [url] }, `${owner}/${name}`, input),
    },
  };
  wait = async (prediction) => prediction;
}
"""
"""What stands in for the npm package: it keeps how it was called, and gives what that would."""


def run_javascript(code: str) -> tuple[list[Any], str]:
    """Run the code in this folder; return the call that it made and what it printed."""
    node = needed("node", by_the_gate=False)
    package = Path("node_modules", "replicate")
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "replicate", "exports": "./index.mjs"}')
    (package / "index.mjs").write_text(_PACKAGE)
    Path("snippet.mjs").write_text(code, encoding="utf-8")
    subprocess.run([node, "--check", "snippet.mjs"], check=True, timeout=30)
    done = subprocess.run([node, "snippet.mjs"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(Path("call.json").read_text(encoding="utf-8")), done.stdout


def last_input(emulator: Emulator) -> Any:
    return emulator.predictions[0]["input"]


def the_create(emulator: Emulator) -> Any:
    return [request for request in emulator.requests if request.method == "POST"][-1]


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 isn't true, the order of keys is kept."""
    return json.dumps(one) == json.dumps(other)


@nasty
def test_python_sends_the_same_input(emulator: Emulator, given: Mapping[str, Any]) -> None:
    run_python(python_code(a_job(given)))

    assert same(last_input(emulator), given)


@nasty
def test_curl_sends_the_same_input(emulator: Emulator, given: Mapping[str, Any]) -> None:
    prediction = run_curl(curl_code(a_job(given)))

    assert same(prediction["input"], given)
    assert same(last_input(emulator), given)


@nasty
@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_curl_sends_the_same_input_beside_a_file(
    emulator: Emulator, given: Mapping[str, Any], shell: str
) -> None:
    """The shell has to look into such a document, and still leaves the words alone."""
    Path("input-0.png").write_bytes(PNG)

    prediction = run_curl(curl_code(a_job({**given, "z": a_file("input-0.png")})), shell=shell)

    *rest, (name, url) = prediction["input"].items()
    assert same(dict(rest), given)
    assert (name, bytes_of(url)) == ("z", PNG)


@nasty
def test_javascript_sends_the_same_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Mapping[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)

    [call, model, sent], printed = run_javascript(javascript_code(a_job(given)))

    assert (call, model) == ("run", "acme/words")
    assert normal(sent) == normal(given)
    assert printed == "Well, well.\n"


def normal(value: Any) -> str:
    """JSON as JavaScript has it, where 1.0 is 1 and 1e+22 is an integer."""
    return json.dumps(value, sort_keys=True).replace("1e+22", "10000000000000000000000")


def bytes_of(data_url: str) -> bytes:
    head, _, content = data_url.partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(content, validate=True)


WITH_FILES = {
    "prompt": "blend",
    "image": a_file("input-0.png"),
    "more": [a_file("input-1.png"), {"mask": a_file("input-0.png")}],
}
SECOND = PNG[::-1]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("input-0.png").write_bytes(PNG)
    Path("input-1.png").write_bytes(SECOND)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("language", ["python", "curl"])
def test_files_that_lie_there_are_sent_along(emulator: Emulator, language: str) -> None:
    job = a_job(WITH_FILES)

    run_python(python_code(job)) if language == "python" else run_curl(curl_code(job))

    sent = last_input(emulator)
    assert bytes_of(sent["image"]) == PNG
    assert bytes_of(sent["more"][0]) == SECOND
    assert bytes_of(sent["more"][1]["mask"]) == PNG
    assert sent["prompt"] == "blend"


@pytest.mark.usefixtures("files")
def test_javascript_reads_the_files_that_lie_there() -> None:
    [_, _, sent], _ = run_javascript(javascript_code(a_job(WITH_FILES)))

    def encoded(content: bytes) -> str:
        return f"base64:{base64.b64encode(content).decode()}"

    assert sent["image"] == encoded(PNG)
    assert sent["more"] == [encoded(SECOND), {"mask": encoded(PNG)}]


@pytest.mark.parametrize("write", [python_code, curl_code, javascript_code])
def test_code_that_needs_files_says_which_once(write: Any) -> None:
    with_files, without = write(a_job(WITH_FILES)), write(a_job({"prompt": "a fox"}))

    assert with_files.count("Needs input-0.png and input-1.png in the folder") == 1
    assert "Needs" not in without


def test_a_file_of_a_strange_name_is_no_command(emulator: Emulator) -> None:
    name = "a b'$(touch made)`touch made`.png"
    Path(name).write_bytes(PNG)
    job = a_job({"image": a_file(name)})

    run_curl(curl_code(job))
    assert bytes_of(last_input(emulator)["image"]) == PNG

    run_python(python_code(job))
    assert bytes_of(last_input(emulator)["image"]) == PNG
    assert not Path("made").exists()


HIDDEN = {"prompt": "a fox", "hf-token é": "[hidden]"}
SECRET_VARIABLE = "MODEL_HF_TOKEN__"


@pytest.mark.parametrize("language", ["python", "curl"])
def test_a_secret_is_read_from_the_environment(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "s3cret")
    job = a_job(HIDDEN)

    run_python(python_code(job)) if language == "python" else run_curl(curl_code(job))

    assert last_input(emulator) == {"prompt": "a fox", "hf-token é": "s3cret"}


def test_javascript_reads_a_secret_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SECRET_VARIABLE, "s3cret")

    [_, _, sent], _ = run_javascript(javascript_code(a_job(HIDDEN)))

    assert sent == {"prompt": "a fox", "hf-token é": "s3cret"}


def test_without_its_secret_nothing_is_sent(emulator: Emulator) -> None:
    before = len(emulator.requests)

    with pytest.raises(KeyError, match=SECRET_VARIABLE):
        run_python(python_code(a_job(HIDDEN)))
    done = run_shell(curl_code(a_job(HIDDEN)))

    assert done.returncode != 0
    assert SECRET_VARIABLE in done.stderr
    assert len(emulator.requests) == before


@MODELS
def test_curl_asks_by_the_address_that_the_model_has(
    emulator: Emulator, model: str, version: str | None, path: str
) -> None:
    prediction = run_curl(curl_code(a_job({"prompt": "a fox"}, model=model, version=version)))

    create = the_create(emulator)
    assert create.path == path
    assert create.headers["authorization"] == "Bearer anything"
    assert create.headers["content-type"] == "application/json"
    assert create.headers["prefer"] == "wait"
    assert_was_run(prediction, model)


@MODELS
def test_python_asks_as_it_was_asked(
    emulator: Emulator, model: str, version: str | None, path: str
) -> None:
    run_python(python_code(a_job({"prompt": "a fox"}, model=model, version=version)))

    assert the_create(emulator).path == path
    assert_was_run(emulator.predictions[0], model)


def assert_was_run(prediction: Mapping[str, Any], model: str) -> None:
    name, _, version = model.rpartition(":")
    assert prediction["input"] == {"prompt": "a fox"}
    assert prediction["status"] == "succeeded"
    if model.startswith("deployments/"):
        assert f"deployments/{prediction['deployment']}" == model
    elif name or "/" not in model:
        assert prediction["version"] == version
    else:
        assert prediction["model"] == model


@pytest.mark.parametrize("write", [python_code, curl_code, javascript_code])
def test_a_community_model_is_run_in_the_version_that_was_run(write: Any) -> None:
    job = a_job({}, model="acme/community", version=COMMUNITY)

    assert COMMUNITY in write(job)


@pytest.mark.parametrize(
    ("model", "version", "call"),
    [
        ("acme/words", "hidden", ["run", "acme/words"]),
        (f"acme/words:{WORDS}", WORDS, ["run", f"acme/words:{WORDS}"]),
        ("acme/community", COMMUNITY, ["run", f"acme/community:{COMMUNITY}"]),
        (WORDS, WORDS, ["create", WORDS]),
        ("deployments/emulator/desk", "dp-1", ["deploy", "emulator/desk"]),
    ],
    ids=["official", "pinned", "community", "version", "deployment"],
)
def test_javascript_calls_what_the_model_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, version: str, call: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    job = a_job({"prompt": "a fox"}, model=model, version=version)

    made, printed = run_javascript(javascript_code(job))

    assert made == [*call, {"prompt": "a fox"}]
    assert printed


@pytest.mark.parametrize("write", [python_code, curl_code, javascript_code])
def test_the_version_that_was_asked_for_is_the_one_that_is_run(write: Any) -> None:
    code = write(a_job({}, model=f"acme/words:{WORDS}", version=COMMUNITY))

    assert WORDS in code
    assert COMMUNITY not in code


@pytest.mark.parametrize("write", [python_code, curl_code, javascript_code])
def test_what_is_no_model_becomes_no_code(write: Any) -> None:
    with pytest.raises(InvalidInput):
        write(a_job({}, model='acme/words"; rm -rf .; "'))


def test_python_saves_the_files_that_a_run_makes(emulator: Emulator) -> None:
    run_python(python_code(a_job({}, model="acme/pictures", kind="image", files=(a_picture(),))))

    assert Path("pictures.png").read_bytes() == PNG


def test_python_tells_all_of_an_output_that_mixes_and_saves_its_files(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    output = {"views": [["https://example.com/0.png"]], "words": "https://example.com/1.txt"}
    files = (a_picture(), a_picture("local/2026-03/job1/1.txt"))
    job = a_job({}, model="acme/mixed", kind="image", files=files, output=output)

    run_python(python_code(job))

    assert "'seed': 7" in capsys.readouterr().out
    assert Path("mixed-1.png").read_bytes() == Path("mixed-2.png").read_bytes() == PNG
    assert Path("mixed-3.txt").read_text() == "a fox"


def test_python_saves_files_where_the_run_ended_without_any(emulator: Emulator) -> None:
    run_python(python_code(a_job({}, model="acme/pictures", kind="image")))

    assert Path("pictures.png").read_bytes() == PNG


def test_python_prints_what_a_text_model_writes(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    run_python(python_code(a_job({}, kind="other", text="Well, well.")))

    assert capsys.readouterr().out == "Well, well.\n"


def test_python_prints_any_other_output(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    run_python(python_code(a_job({}, model="acme/scales", kind="other")))

    assert capsys.readouterr().out == "{'grams': 12}\n"


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("acme/pictures", ["pictures-1.png", "pictures-2.png"]),
        (PICTURES, ["output-1.png"]),
        ("deployments/emulator/desk", ["desk-1.png"]),
    ],
    ids=["model", "version", "deployment"],
)
def test_javascript_saves_the_files_that_a_run_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, names: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    run_javascript(javascript_code(a_job({}, model=model, kind="image", files=(a_picture(),))))

    assert sorted(path.name for path in tmp_path.glob("*.png")) == names
    assert {path.read_bytes() for path in tmp_path.glob("*.png")} == {b"a picture"}


def test_javascript_prints_an_output_in_which_files_lie_deeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = {"mask": "https://example.com/0.png"}
    job = a_job({}, model=PICTURES, kind="image", files=(a_picture(),), output=output)

    _, printed = run_javascript(javascript_code(job))

    assert "data:image/png" in printed


@pytest.mark.parametrize(
    ("output", "files"),
    [
        ({"views": [["https://example.com/0.png"]]}, (a_picture(),)),
        (["https://example.com/0.png", "a fox"], (a_picture(),)),
        (["https://example.com/0.png"] * 2, (a_picture(), a_picture("local/2026-03/job1/1.mp4"))),
    ],
    ids=["object", "with text", "files of two kinds"],
)
def test_javascript_prints_where_the_files_of_an_output_that_mixes_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: Any, files: tuple[MediaFile, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    job = a_job({}, model="acme/mixed", kind="image", files=files, output=output)

    _, printed = run_javascript(javascript_code(job))

    assert json.loads(printed)["views"][0][0].startswith("data:image/png")


def test_javascript_saves_the_files_of_nested_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = [["https://example.com/0.png"], ["https://example.com/1.png"]]
    job = a_job({}, model="acme/nested", kind="image", files=(a_picture(),), output=output)

    run_javascript(javascript_code(job))

    saved = {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}
    assert saved == {"nested-1.png": b"a picture", "nested-2.png": b"a picture"}


def test_what_can_not_be_seen_is_written_as_an_escape() -> None:
    job = a_job({"prompt": "a\u202eb\x7fc\U000e0041d\u00a0e"})

    assert r'"a\u202eb\x7fc\U000e0041d\xa0e"' in python_code(job)
    assert r'"a\u202eb\u007fc\udb40\udc41d\u00a0e"' in curl_code(job)
    assert r'"a\u202eb\u007fc\udb40\udc41d\u00a0e"' in javascript_code(job)


def test_words_of_all_languages_can_be_read_in_the_code() -> None:
    words = "“春风送茶香”\u3000é 🦊 👩\u200d👧"

    for write in (python_code, curl_code, javascript_code):
        assert f'"{words}"' in write(a_job({"prompt": words}))


A_RUN = a_job(
    {"prompt": "a fox", "go_fast": True, "size": None, "box": [1, 2], "more": {"a": 0.5}},
    kind="image",
    model="black-forest-labs/flux-schnell",
    version="hidden",
    files=(a_picture("local/2026-03/job1/0.webp"),),
)


def test_python_reads_as_a_person_would_write_it() -> None:
    assert (
        python_code(A_RUN)
        == """\
from core import get_replicate_client

client = get_replicate_client()

output = client.run_model(
    "black-forest-labs/flux-schnell",
    {
        "prompt": "a fox",
        "go_fast": True,
        "size": None,
        "box": [1, 2],
        "more": {
            "a": 0.5,
        },
    },
)
print(client.download_output(output, "flux-schnell.webp"))
"""
    )


def test_curl_reads_as_a_person_would_write_it() -> None:
    assert (
        curl_code(A_RUN)
        == """\
# Prints the prediction; one that takes more than a minute still runs then.
curl -sS -X POST "${REPLICATE_BASE_URL:-https://api.replicate.com}\
/v1/models/black-forest-labs/flux-schnell/predictions" \\
  -H "Authorization: Bearer $REPLICATE_API_TOKEN" \\
  -H "Content-Type: application/json" \\
  -H "Prefer: wait" \\
  -d @- <<'JSON'
{
  "input": {
    "prompt": "a fox",
    "go_fast": true,
    "size": null,
    "box": [1, 2],
    "more": {
      "a": 0.5
    }
  }
}
JSON
"""
    )


def test_javascript_reads_as_a_person_would_write_it() -> None:
    assert (
        javascript_code(A_RUN)
        == """\
// npm install replicate
import { writeFile } from "node:fs/promises";
import Replicate from "replicate";

const replicate = new Replicate();

const output = await replicate.run("black-forest-labs/flux-schnell", {
  input: {
    prompt: "a fox",
    go_fast: true,
    size: null,
    box: [1, 2],
    more: {
      a: 0.5,
    },
  },
});
for (const [index, file] of [output].flat(Infinity).entries()) {
  const path = `flux-schnell-${index + 1}.webp`;
  await writeFile(path, file);
}
"""
    )
