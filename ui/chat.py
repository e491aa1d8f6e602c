"""The Chat tab: the conversations, the one that is open, and how the model is asked."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui import components
from ui.conversation import ChatHandlers, Settings, image_sources
from ui.pieces import model_picker, welcome

__all__ = ["Chat", "ChatHandlers", "build", "on_load"]

_QUIET: dict[str, Any] = {
    "concurrency_limit": None,
    "show_progress": "hidden",
    "api_visibility": "private",
}

_REASONING = [("<think>", "</think>"), ("<thinking>", "</thinking>")]
"""How models that show their reasoning mark it."""


@dataclass(frozen=True)
class Chat:
    """The components of the tab."""

    conversations: gr.HTML
    welcome: gr.HTML
    fresh: gr.Button
    picker: gr.HTML
    model: gr.State
    system_prompt: gr.Textbox
    temperature: gr.Slider
    max_tokens: gr.Number
    chatbot: gr.Chatbot
    live: gr.Chatbot
    conversation: gr.State
    composer: gr.MultimodalTextbox
    status: gr.HTML
    job_id: gr.State

    @property
    def settings(self) -> list[Any]:
        """How the model is asked."""
        return [self.model, self.system_prompt, self.temperature, self.max_tokens]

    @property
    def asked(self) -> list[Any]:
        """What changes when a question is sent (`Asked`)."""
        return [self.chatbot, self.conversation, self.composer, self.status, self.job_id]

    @property
    def opened(self) -> list[Any]:
        """What shows a conversation (`Opened`)."""
        return [
            self.chatbot,
            self.conversation,
            self.picker,
            self.model,
            self.system_prompt,
            self.temperature,
            self.max_tokens,
            self.status,
            self.live,
        ]


def build(handlers: ChatHandlers) -> Chat:
    """Lay the tab out."""
    models = handlers.models
    defaults = Settings(models[0].id)
    with gr.Row(equal_height=False, elem_classes="halves chat"):
        with gr.Column(scale=4, min_width=280, elem_classes="panel"):
            picker = components.picker(model_picker(models, models[0].id), elem_id="chat-model")
            model = gr.State(models[0].id)
            with gr.Accordion("Settings", open=False, elem_classes="advanced"):
                system_prompt = gr.Textbox(
                    label="System prompt", lines=3, placeholder="How to answer", interactive=True
                )
                temperature = gr.Slider(
                    0,
                    2,
                    value=defaults.temperature,
                    step=0.05,
                    label="Temperature",
                    interactive=True,
                )
                max_tokens = gr.Number(
                    value=defaults.max_tokens,
                    minimum=1,
                    precision=0,
                    label="Max tokens",
                    interactive=True,
                )
            fresh = gr.Button("New conversation", elem_classes="fresh")
            conversations = components.cards(label="Conversations", elem_id="conversations")
        with gr.Column(scale=11, min_width=300, elem_classes="talk"):
            # Gone as soon as there is a message: see page.css.
            greeting = components.buttons(
                welcome("Ask a model", "Write a message, or begin with one of these.", models),
                "example",
                elem_id="chat-welcome",
            )
            chatbot = gr.Chatbot(
                label="Conversation",
                show_label=False,
                elem_id="chatbot",
                height=None,
                min_height=160,
                layout="bubble",
                buttons=["copy"],
                editable="user",
                reasoning_tags=_REASONING,
                feedback_options=None,
            )
            live = gr.Chatbot(
                label="Answer",
                show_label=False,
                elem_id="live",
                height=None,
                visible=False,
                layout="bubble",
                buttons=[],
                reasoning_tags=_REASONING,
            )
            status = gr.HTML(padding=False, elem_classes="said")
            box = gr.MultimodalTextbox(
                label="Message",
                placeholder="Message (Shift+Enter starts a new line)",
                file_types=["image"],
                file_count="multiple",
                sources=image_sources(models[0]),
                lines=1,
                max_lines=10,
                interactive=True,
                elem_id="composer",
            )
    chat = Chat(
        conversations=conversations,
        welcome=greeting,
        fresh=fresh,
        picker=picker,
        model=model,
        system_prompt=system_prompt,
        temperature=temperature,
        max_tokens=max_tokens,
        chatbot=chatbot,
        live=live,
        conversation=gr.State(None),
        composer=box,
        status=status,
        job_id=gr.State(None),
    )
    _wire(chat, handlers)
    return chat


def on_load(demo: gr.Blocks, chat: Chat, handlers: ChatHandlers) -> None:
    """List the conversations, and come back to an answer that is being written."""
    demo.load(handlers.listed, None, chat.conversations, **_QUIET)
    attached = demo.load(handlers.attach, None, [*chat.opened, chat.job_id], **_QUIET)
    _follow(attached, chat, handlers)


def _wire(chat: Chat, handlers: ChatHandlers) -> None:
    settings = chat.settings
    asking = [
        chat.composer.submit(
            handlers.send, [chat.conversation, chat.composer, *settings], chat.asked, **_QUIET
        ),
        chat.chatbot.retry(handlers.retry, [chat.conversation, *settings], chat.asked, **_QUIET),
        chat.chatbot.edit(handlers.edit, [chat.conversation, *settings], chat.asked, **_QUIET),
        chat.welcome.example(
            handlers.try_example,
            [chat.conversation, *settings[1:]],
            [*chat.asked, chat.picker, chat.model],
            **_QUIET,
        ),
        chat.conversations.open(handlers.open, None, [*chat.opened, chat.job_id], **_QUIET),
    ]
    for asked in asking:
        _follow(asked, chat, handlers)
    chat.composer.stop(handlers.stop, chat.job_id, None, **_QUIET)
    cleared = [chat.chatbot, chat.conversation, chat.status, chat.live, chat.job_id]
    chat.fresh.click(handlers.clear, None, cleared, **_QUIET)
    chat.picker.choose(handlers.choose, None, [chat.picker, *settings, chat.composer], **_QUIET)
    chat.conversations.delete(handlers.delete, None, None, **_QUIET).then(
        handlers.listed, None, chat.conversations, **_QUIET
    )


def _follow(asked: Any, chat: Chat, handlers: ChatHandlers) -> None:
    """Show the answer as it is written, then put it into the conversation once."""
    asked.then(handlers.listed, None, chat.conversations, **_QUIET)
    asked.then(handlers.stream, chat.job_id, [chat.live, chat.status], **_QUIET).then(
        handlers.commit,
        [chat.conversation, chat.job_id],
        [chat.chatbot, chat.conversation, chat.live, chat.composer, chat.job_id],
        **_QUIET,
    ).then(handlers.listed, None, chat.conversations, **_QUIET)
