"""The Chat tab: a conversation with a language model, its words shown as they come."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core import PlaygroundError
from core.history.records import Job
from core.jobs.events import TERMINAL_EVENTS, Event, TextDelta
from core.models.catalog import CatalogModel, find, models_of
from core.models.chat import Turn, chat_input
from ui import present
from ui.services import LOCAL_OWNER, Services
from ui.ticking import with_ticks

_UPDATE_SECONDS = 0.08
"""A `gr.Chatbot` reprocesses its whole history at each update, so updates are spaced."""

Conversation = tuple[Turn, ...]
Update = tuple[Any, ...]
"""Values for: the chatbot, the conversation, the message box, the status, the job's id."""


@dataclass(frozen=True)
class Chat:
    """The components of the tab."""

    model: gr.Dropdown
    about: gr.HTML
    system_prompt: gr.Textbox
    temperature: gr.Slider
    max_tokens: gr.Number
    chatbot: gr.Chatbot
    conversation: gr.State
    message: gr.Textbox
    send: gr.Button
    stop: gr.Button
    clear: gr.Button
    status: gr.HTML
    job_id: gr.State


@dataclass(frozen=True)
class ChatHandlers:
    """What happens in the tab."""

    services: Services

    def choose(self, model: str) -> Update:
        """Return a model's description, and its controls: what it lacks is hidden."""
        curated = _curated(model)
        return present.about(curated), *_controls(curated)

    async def send(
        self,
        conversation: Conversation,
        message: str | None,
        model: str,
        system_prompt: str | None,
        temperature: float,
        max_tokens: float | None,
    ) -> AsyncGenerator[Update]:
        """Ask the model, showing its answer as it grows."""
        if not message or not message.strip():
            yield gr.skip(), gr.skip(), gr.skip(), present.idle("Write a message first."), None
            return
        asked = (*conversation, Turn("user", message))
        try:
            job_id = await self.services.jobs.submit(
                model,
                chat_input(
                    _curated(model),
                    asked,
                    system_prompt=system_prompt or "",
                    temperature=temperature,
                    max_tokens=None if max_tokens is None else int(max_tokens),
                ),
                owner=LOCAL_OWNER,
                kind="chat",
            )
        except PlaygroundError as error:
            yield gr.skip(), gr.skip(), gr.skip(), present.error_status(error), None
            return
        yield _messages(asked), asked, "", present.idle("Sending…"), job_id
        async with aclosing(self._answer(asked, job_id)) as updates:
            async for update in updates:
                yield update

    async def stop(self, job_id: str | None) -> None:
        """Cancel the answer that is being written; what came so far stays."""
        if job_id is not None:
            await self.services.jobs.cancel(job_id)

    def clear(self) -> Update:
        """Return an empty conversation."""
        return [], (), "", present.idle(_INVITATION), None

    async def _answer(self, asked: Conversation, job_id: str) -> AsyncGenerator[Update]:
        started = time.monotonic()
        text = ""
        latest: Event | None = None
        async with aclosing(with_ticks(self.services.jobs.watch(job_id))) as events:
            async for event in events:
                latest = event or latest
                if latest is None:
                    continue
                status = present.event_status(latest, elapsed_seconds=time.monotonic() - started)
                match event:
                    case TextDelta(total=text):
                        answered = (*asked, Turn("assistant", text))
                        yield _messages(answered), answered, gr.skip(), status, job_id
                        await asyncio.sleep(_UPDATE_SECONDS)
                    case None:
                        yield gr.skip(), gr.skip(), gr.skip(), status, job_id
                    case _ if isinstance(event, TERMINAL_EVENTS):
                        answered = _answered(asked, event.job)
                        yield _messages(answered), answered, gr.skip(), status, None
                    case _:
                        yield gr.skip(), gr.skip(), gr.skip(), status, job_id


_INVITATION = "Ask anything; Shift+Enter starts a new line."


def build(handlers: ChatHandlers) -> Chat:
    """Lay the tab out and wire it."""
    models = models_of("chat")
    conversation = gr.State(())
    job_id = gr.State(None)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=280):
            model = gr.Dropdown(
                choices=[(item.title, item.id) for item in models],
                value=models[0].id,
                label="Model",
                interactive=True,
            )
            about = gr.HTML(present.about(models[0]), padding=False)
            system_prompt, temperature, max_tokens = _controls(models[0])
        with gr.Column(scale=8, min_width=300):
            chatbot = gr.Chatbot(
                label="Conversation",
                height=480,
                layout="bubble",
                placeholder="Ask something to begin.",
                buttons=["copy"],
                elem_classes="result",
            )
            status = gr.HTML(present.idle(_INVITATION), padding=False)
            message = gr.Textbox(label="Message", placeholder="Ask something", lines=1, max_lines=8)
            with gr.Row():
                send = gr.Button("Send", variant="primary", scale=3, min_width=120)
                stop = gr.Button("Stop", scale=1, min_width=80)
                clear = gr.Button("Clear", scale=1, min_width=80)
    chat = Chat(
        model=model,
        about=about,
        system_prompt=system_prompt,
        temperature=temperature,
        max_tokens=max_tokens,
        chatbot=chatbot,
        conversation=conversation,
        message=message,
        send=send,
        stop=stop,
        clear=clear,
        status=status,
        job_id=job_id,
    )
    _wire(chat, handlers)
    return chat


def _wire(chat: Chat, handlers: ChatHandlers) -> None:
    quiet = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
    shown = [chat.chatbot, chat.conversation, chat.message, chat.status, chat.job_id]
    gr.on(
        [chat.send.click, chat.message.submit],
        handlers.send,
        [
            chat.conversation,
            chat.message,
            chat.model,
            chat.system_prompt,
            chat.temperature,
            chat.max_tokens,
        ],
        shown,
        trigger_mode="once",
        **quiet,
    )
    chat.stop.click(handlers.stop, chat.job_id, None, **quiet)
    chat.clear.click(handlers.clear, None, shown, **quiet)
    chat.model.input(
        handlers.choose,
        chat.model,
        [chat.about, chat.system_prompt, chat.temperature, chat.max_tokens],
        **quiet,
    )


def _controls(model: CatalogModel) -> tuple[gr.Textbox, gr.Slider, gr.Number]:
    chat = model.chat
    assert chat is not None
    return (
        gr.Textbox(label="System prompt", lines=3, visible=chat.system_prompt is not None),
        gr.Slider(
            0, 2, value=0.7, step=0.05, label="Temperature", visible=chat.temperature is not None
        ),
        gr.Number(
            value=1024,
            minimum=1,
            precision=0,
            label="Max tokens",
            visible=chat.max_tokens is not None,
        ),
    )


def _curated(model: str) -> CatalogModel:
    curated = find(model)
    if curated is None or curated.chat is None:
        raise gr.Error(f"{model} isn't a chat model of this page.", print_exception=False)
    return curated


def _answered(asked: Conversation, job: Job) -> Conversation:
    return (*asked, Turn("assistant", job.text)) if job.text else asked


def _messages(conversation: Conversation) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.text} for turn in conversation]
