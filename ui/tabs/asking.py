"""How a chat model is asked: its settings as a form, and the box to write in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from core import PlaygroundError
from core.history.records import Job
from core.models.catalog import CatalogModel, find
from core.models.chat import ChatFields
from core.models.schema import Field, ModelSchema
from ui.bench.boxes import is_file
from ui.bench.form import Form
from ui.bench.values import Held, shown_in
from ui.services import Services

SYSTEM_PROMPT = Field(
    name="system_prompt", title="System prompt", description="How to answer, if you like."
)
"""Every model has one on the page; which has no place for it reads it in the prompt."""


@dataclass(frozen=True)
class Settings:
    """How a model is asked.

    Attributes:
        fields: what it calls the parts of a conversation.
        others: the rest of its input, by its own names.
    """

    model: CatalogModel
    fields: ChatFields
    system_prompt: str
    others: Mapping[str, Any]


@dataclass(frozen=True)
class Asking:
    """Makes the forms of the chat models' settings, and reads them."""

    services: Services

    async def form(self, model: str) -> Form:
        """Return the form of a model's settings: what isn't part of a conversation, and no file."""
        curated = chat_model(model)
        schema = await self._schema(curated.id)
        if schema is None:
            return Form(curated.id, main=(SYSTEM_PROMPT,))
        fields = ChatFields.of(schema)
        own = schema.field(fields.system_prompt or "") or SYSTEM_PROMPT
        system = replace(SYSTEM_PROMPT, default=own.default)
        others = [one for one in schema.fields if one.name not in fields.names and not is_file(one)]
        form = Form.of(curated.id, replace(schema, fields=tuple(others)), curated)
        return replace(form, main=(system, *form.main), prompt=None)

    async def form_of(self, job: Job) -> Form:
        """Return the form with the settings that a job was asked with."""
        form = await self.form(job.model)
        fields = ChatFields.of(await self._schema(job.model))
        said = next((turn.text for turn in job.turns if turn.role == "system"), "")
        system = said or job.input.get(fields.system_prompt or "", "")
        return form.filled({**job.input, SYSTEM_PROMPT.name: system})

    async def settings(self, form: Form, held: Held) -> Settings:
        """Return what a form's boxes mean.

        Raises:
            InvalidInput: one holds what its field can't be.
        """
        model = chat_model(form.model)
        given = form.read(shown_in(form, held))
        system = str(given.pop(SYSTEM_PROMPT.name, "")).strip()
        return Settings(model, ChatFields.of(await self._schema(model.id)), system, given)

    async def composer(self, model: str) -> gr.MultimodalTextbox:
        """Return the box to write in, ready: it takes images where the model does."""
        sources = await self.image_sources(model)
        return gr.MultimodalTextbox(submit_btn=True, stop_btn=False, sources=sources)

    async def image_sources(self, model: str) -> list[str]:
        """Return where the box takes images from: nowhere, for a model that takes none."""
        return ["upload"] if ChatFields.of(await self._schema(model)).images else []

    async def _schema(self, model: str) -> ModelSchema | None:
        try:
            return await self.services.jobs.schema(model)
        except PlaygroundError as error:
            gr.Warning(f"This model's settings can't be shown: {error}")
            return None


def busy_composer(*, keeps_words: bool = False) -> gr.MultimodalTextbox:
    """Return the box while an answer is written: emptied, unless what is in it wasn't sent."""
    words: dict[str, Any] = {} if keeps_words else {"value": None}
    return gr.MultimodalTextbox(submit_btn=False, stop_btn=True, **words)


def chat_model(model: str) -> CatalogModel:
    """Return one of the page's chat models by its id.

    Raises:
        gr.Error: it isn't one.
    """
    curated = find(model)
    if curated is None or curated.kind != "chat":
        raise gr.Error(f"{model} isn't a chat model of this page.", print_exception=False)
    return curated
