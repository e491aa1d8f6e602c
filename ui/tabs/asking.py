"""How a chat model is asked: its settings, and the box to write in."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.history.records import Job
from core.models.catalog import CatalogModel, find


@dataclass(frozen=True)
class Settings:
    """How a model is asked."""

    model: str
    system_prompt: str = ""
    temperature: float = 0.7
    max_tokens: int | None = 1024


def controls(
    model: CatalogModel, settings: Settings | None = None
) -> tuple[gr.Textbox, gr.Slider, gr.Number]:
    """Return a model's settings: what it lacks is hidden, and without `settings` nothing else
    changes."""
    chat = model.chat
    assert chat is not None
    values: list[dict[str, Any]] = [{}, {}, {}]
    if settings is not None:
        values = [
            {"value": settings.system_prompt},
            {"value": settings.temperature},
            {"value": settings.max_tokens},
        ]
    return (
        gr.Textbox(**values[0]),
        gr.Slider(visible=chat.temperature is not None, **values[1]),
        gr.Number(visible=chat.max_tokens is not None, **values[2]),
    )


def composer(model: CatalogModel) -> gr.MultimodalTextbox:
    """Return the box to write in, ready: it takes images where the model does."""
    return gr.MultimodalTextbox(submit_btn=True, stop_btn=False, sources=image_sources(model))


def busy_composer(*, keeps_words: bool = False) -> gr.MultimodalTextbox:
    """Return the box while an answer is written: emptied, unless what is in it wasn't sent."""
    words: dict[str, Any] = {} if keeps_words else {"value": None}
    return gr.MultimodalTextbox(submit_btn=False, stop_btn=True, **words)


def image_sources(model: CatalogModel) -> list[str]:
    """Return where the box takes images from: nowhere, for a model that doesn't look at them."""
    assert model.chat is not None
    return [] if model.chat.images is None else ["upload"]


def chat_model(model: str) -> CatalogModel:
    """Return one of the page's chat models by its id.

    Raises:
        gr.Error: it isn't one.
    """
    curated = find(model)
    if curated is None or curated.chat is None:
        raise gr.Error(f"{model} isn't a chat model of this page.", print_exception=False)
    return curated


def settings_from(
    model: str, system_prompt: str | None, temperature: float | None, max_tokens: float | None
) -> Settings:
    """Return the settings that the tab's controls hold."""
    return Settings(
        model,
        (system_prompt or "").strip(),
        0.7 if temperature is None else float(temperature),
        None if max_tokens is None else int(max_tokens),
    )


def settings_of(job: Job, model: CatalogModel) -> Settings:
    """Return the settings that a job was asked with."""
    names = model.chat
    assert names is not None
    defaults = Settings(model.id)
    said = next((turn.text for turn in job.turns if turn.role == "system"), "")
    return Settings(
        model.id,
        said or str(job.input.get(names.system_prompt or "", "")),
        job.input.get(names.temperature or "", defaults.temperature),
        job.input.get(names.max_tokens) if names.max_tokens else defaults.max_tokens,
    )
