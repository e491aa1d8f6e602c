"""The named endpoints of the running app, for `gradio_client`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.history.filters import Filter
from core.history.records import Job
from core.jobs.events import TERMINAL_EVENTS
from core.models.catalog import Kind, find
from core.models.chat import ChatFields, Turn, chat_input
from ui.services import LOCAL_OWNER, Services
from ui.troubles import told

_MAX_HISTORY = 500


@dataclass(frozen=True)
class Endpoints:
    """What a program may ask of the running app; every create goes through `jobs`."""

    services: Services

    async def run_model(
        self, model: str, input_json: str
    ) -> tuple[dict[str, Any], list[gr.FileData]]:
        """Run any model and wait for its end.

        Args:
            model: `owner/name`, `owner/name:version` or a version's id.
            input_json: the model's input, a JSON object as text.

        Returns:
            `{job_id, prediction_id, status, error, text, output, metrics}`, and the output files.
        """
        job = await self._run(model, _json_object(input_json))
        result = {
            "job_id": job.id,
            "prediction_id": job.prediction_id,
            "status": job.state,
            "error": job.error,
            "text": job.text,
            "output": job.output,
            "metrics": dict(job.metrics),
        }
        files = [
            gr.FileData(path=str(self.services.media.path(file.key)), mime_type=file.media_type)
            for file in job.files
        ]
        return result, files

    async def chat_once(self, model: str, prompt: str, system_prompt: str) -> str:
        """Ask a curated chat model one question and return its answer.

        Args:
            model: a chat model of the page, as `owner/name`.
            prompt: the question.
            system_prompt: how to answer, or empty.
        """
        curated = find(model)
        if curated is None or curated.kind != "chat":
            raise _refusal(f"{model} isn't a chat model of this page; use /run_model for others.")
        job = await self._ask(model, Turn("user", prompt), system_prompt)
        if job.state != "succeeded":
            raise _refusal(job.error or f"The answer ended as {job.state}.")
        return job.text or ""

    @told
    async def history(self, query: str, limit: int) -> list[dict[str, Any]]:
        """Return what was run, newest first.

        Args:
            query: words of a prompt, a model or an answer; empty for everything.
            limit: how many at most, 1 to 500.
        """
        if not 1 <= limit <= _MAX_HISTORY:
            raise _refusal(f"limit goes from 1 to {_MAX_HISTORY}.")
        jobs = await self.services.archive.list(LOCAL_OWNER, Filter(words=query), limit=limit)
        return [_entry(job) for job in jobs]

    @told
    async def _ask(self, model: str, question: Turn, system_prompt: str) -> Job:
        fields = ChatFields.of(await self.services.jobs.schema(model))
        asked = chat_input(fields, [question], system_prompt=system_prompt)
        return await self._run(model, asked, kind="chat")

    @told
    async def _run(
        self, model: str, model_input: Mapping[str, Any], kind: Kind | None = None
    ) -> Job:
        job_id = await self.services.jobs.submit(model, model_input, owner=LOCAL_OWNER, kind=kind)
        async for event in self.services.jobs.watch(job_id, owner=LOCAL_OWNER):
            if isinstance(event, TERMINAL_EVENTS):
                return event.job
        raise _refusal("The playground is closing; the run goes on when it is back.")


def publish(endpoints: Endpoints) -> None:
    """Give the app its named endpoints; call it inside the page's Blocks."""
    for name in ("run_model", "chat_once", "history"):
        gr.api(getattr(endpoints, name), api_name=name, concurrency_limit=None)


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refusal(f"input_json isn't JSON: {error}.") from error
    if not isinstance(value, dict):
        raise _refusal('input_json is a JSON object, like {"prompt": "a fox"}.')
    return value


def _entry(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "prediction_id": job.prediction_id,
        "kind": job.kind,
        "model": job.model,
        "status": job.state,
        "charged": job.charged,
        "prompt": job.prompt,
        "created_at": job.created_at.isoformat(),
        "text": job.text,
        "files": [
            {"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in job.files
        ],
    }


def _refusal(text: str) -> gr.Error:
    return gr.Error(text, print_exception=False)
