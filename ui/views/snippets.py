"""A run as code to copy, which repeats it: Python with this library, curl, JavaScript. Pure.

What was asked comes through to the byte, whatever it is. Files are named as they lie in the
history, secrets are read from the environment. Whoever puts the code into HTML escapes it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from core.downloads.outputs import located_urls
from core.history.records import Job
from core.jobs.intents import file_key, hidden_fields
from core.models.names import ModelName
from ui.views.literals import JAVASCRIPT, JSON, JSON_IN_SHELL, PYTHON, File, Secret, written


def python_code(job: Job) -> str:
    """Return a script for this library that runs the model again and keeps what it makes.

    Raises:
        InvalidInput: the job's model isn't written as one.
    """
    model_input = _Input.of(job)
    given = written(model_input.values, PYTHON, " " * 4)
    standard = [
        *(["import os"] if model_input.secrets else []),
        *(["from pathlib import Path"] if model_input.files else []),
    ]
    match _output_kind(job):
        case "files":
            saved = f"print(client.download_output(output, {PYTHON.text(_file_name(job))}))"
            ending = [saved] if _is_files_only(job.output) else ["print(output)", saved]
        case "text":
            ending = ['print("".join(output))']
        case "json":
            ending = ["print(output)"]
    return _lines(
        *_needs(model_input, "#"),
        *([*standard, ""] if standard else []),
        "from core import get_replicate_client",
        "",
        "client = get_replicate_client()",
        "",
        "output = client.run_model(",
        f"    {PYTHON.text(str(_exact(job)))},",
        f"    {given},",
        ")",
        *ending,
    )


def curl_code(job: Job) -> str:
    """Return a command for a shell that runs the model again and prints the prediction.

    Raises:
        InvalidInput: the job's model isn't written as one.
    """
    model_input = _Input.of(job)
    name = _exact(job)
    body: dict[str, Any] = {"input": model_input.values}
    if name.deployment:
        path = f"/v1/deployments/{name.owner}/{name.name}/predictions"
    elif name.version:
        path = "/v1/predictions"
        body = {"version": name.version, **body}
    else:
        path = f"/v1/models/{name.owner}/{name.name}/predictions"
    # No line of JSON can end the document early, because line ends within texts are escaped.
    # Only a document that names files or secrets needs the shell to look into it.
    is_plain = not model_input.files and not model_input.secrets
    return _lines(
        "# Prints the prediction; one that takes more than a minute still runs then.",
        *_needs(model_input, "#"),
        *(
            ["# Replicate takes up to 256 kB of a file like this; a larger one has to be a URL."]
            if model_input.files
            else []
        ),
        f'curl -sS -X POST "${{REPLICATE_BASE_URL:-https://api.replicate.com}}{path}" \\',
        '  -H "Authorization: Bearer $REPLICATE_API_TOKEN" \\',
        '  -H "Content-Type: application/json" \\',
        '  -H "Prefer: wait" \\',
        "  -d @- <<'JSON'" if is_plain else "  -d @- <<JSON",
        written(body, JSON if is_plain else JSON_IN_SHELL),
        "JSON",
    )


def javascript_code(job: Job) -> str:
    """Return a module for Node and the npm package `replicate` that runs the model again.

    Raises:
        InvalidInput: the job's model isn't written as one.
    """
    model_input = _Input.of(job)
    has_files = _output_kind(job) == "files"
    saves = has_files and _is_files_only(job.output) and bool(_file_suffix(job) or not job.files)
    # By `run` files come as streams, in which their URLs can't be read.
    options = "{ useFileOutput: false }" if has_files and not saves else ""
    used = [
        *(["readFile"] if model_input.files else []),
        *(["writeFile"] if saves else []),
    ]
    return _lines(
        "// npm install replicate",
        *_needs(model_input, "//"),
        *([f'import {{ {", ".join(used)} }} from "node:fs/promises";'] if used else []),
        'import Replicate from "replicate";',
        "",
        f"const replicate = new Replicate({options});",
        "",
        *_javascript_call(_exact(job), written(model_input.values, JAVASCRIPT, "  ")),
        *_javascript_ending(job, saves=saves),
    )


def _javascript_call(name: ModelName, given: str) -> list[str]:
    """The statements that run a model and leave its `output`."""
    if _is_for_run(name):
        return [
            f"const output = await replicate.run({JAVASCRIPT.text(str(name))}, {{",
            f"  input: {given},",
            "});",
        ]
    ended = "const { output } = await replicate.wait(prediction);"
    if name.deployment:
        of = f"{JAVASCRIPT.text(name.owner)}, {JAVASCRIPT.text(name.name)}"
        return [
            f"const prediction = await replicate.deployments.predictions.create({of}, {{",
            f"  input: {given},",
            "});",
            ended,
        ]
    return [
        "const prediction = await replicate.predictions.create({",
        f"  version: {JAVASCRIPT.text(name.version)},",
        f"  input: {given},",
        "});",
        ended,
    ]


def _javascript_ending(job: Job, *, saves: bool) -> list[str]:
    """The statements that save or print the `output`."""
    if saves:
        # By `run` files come as streams, else as URLs.
        file = "file" if _is_for_run(_exact(job)) else "(await fetch(file)).body"
        return [
            "for (const [index, file] of [output].flat(Infinity).entries()) {",
            f"  const path = `{_file_stem(job)}-${{index + 1}}{_file_suffix(job)}`;",
            f"  await writeFile(path, {file});",
            "}",
        ]
    if _output_kind(job) == "text":
        return ['console.log([output].flat().join(""));']
    return ["console.log(JSON.stringify(output, null, 2));"]


def _is_for_run(name: ModelName) -> bool:
    """Whether the package's `run` takes it: that knows neither deployments nor a version alone."""
    return bool(name.name) and not name.deployment


@dataclass(frozen=True)
class _Input:
    """A job's input, in which files and secrets are told apart from words."""

    values: Mapping[str, Any]

    @classmethod
    def of(cls, job: Job) -> "_Input":
        hidden = set(hidden_fields(job.input))

        def told_apart(value: Any) -> Any:
            match value:
                case list():
                    return [told_apart(item) for item in value]
                case Mapping():
                    return {key: told_apart(item) for key, item in value.items()}
                case _:
                    key = file_key(job, value)
                    return value if key is None else File(PurePosixPath(key).name)

        return cls(
            {
                name: Secret(_variable(name)) if name in hidden else told_apart(value)
                for name, value in job.input.items()
            }
        )

    @property
    def files(self) -> list[str]:
        """The names of its files, each once."""
        found = (leaf.name for leaf in _leaves(self.values) if isinstance(leaf, File))
        return list(dict.fromkeys(found))

    @property
    def secrets(self) -> list[str]:
        """The variables that its secrets are read from."""
        return [leaf.variable for leaf in _leaves(self.values) if isinstance(leaf, Secret)]


def _leaves(value: Any) -> Iterator[Any]:
    match value:
        case Mapping():
            for item in value.values():
                yield from _leaves(item)
        case list():
            for item in value:
                yield from _leaves(item)
        case _:
            yield value


def _variable(field: str) -> str:
    return "MODEL_" + re.sub(r"[^A-Z0-9]", "_", field.upper())


def _needs(model_input: _Input, comment: str) -> list[str]:
    if not model_input.files:
        return []
    return [f"{comment} Needs {' and '.join(model_input.files)} in the folder it is run from."]


_VERSION = re.compile(r"[0-9a-f]{64}")


def _exact(job: Job) -> ModelName:
    """Return what was run, with the version that a community model had then: it may have others.

    By the API alone such a model can't be run without. Of an official model, which runs by its
    name, predictions don't tell the version.
    """
    name = ModelName.parse(job.model)
    told = job.version or ""
    if not name.version and not name.deployment and _VERSION.fullmatch(told):
        return ModelName(owner=name.owner, name=name.name, version=told)
    return name


def _output_kind(job: Job) -> Literal["files", "text", "json"]:
    if job.files:
        return "files"
    if job.text is not None or job.kind == "chat":
        return "text"
    return "files" if job.kind in ("image", "video", "audio") else "json"


def _is_files_only(output: Any) -> bool:
    """Whether an output, if it is known, is a file or a list of files, perhaps of such lists."""
    leaves = list(_leaves(output))
    is_listed = not any(isinstance(key, str) for place in located_urls(output) for key in place)
    return output is None or (is_listed and len(leaves) == len(located_urls(output)))


def _file_name(job: Job) -> str:
    """What to save as; without an extension where there isn't one for all, as each gets its own."""
    return _file_stem(job) + _file_suffix(job)


def _file_stem(job: Job) -> str:
    return ModelName.parse(job.model).name or "output"


def _file_suffix(job: Job) -> str:
    suffixes = {PurePosixPath(file.key).suffix for file in job.files}
    return suffixes.pop() if len(suffixes) == 1 else ""


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
