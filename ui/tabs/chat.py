"""The Chat tab: the conversations, the one that is open, and how the model is asked."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui import components
from ui.bench import panel
from ui.bench.form import Form
from ui.bench.panel import Panel
from ui.components import QUIET
from ui.tabs.conversation import ChatHandlers, Followed
from ui.views.pieces import model_picker, welcome

__all__ = ["Chat", "ChatHandlers", "build", "on_load"]

_REASONING = [("<think>", "</think>"), ("<thinking>", "</thinking>")]
"""How models that show their reasoning mark it."""


@dataclass(frozen=True)
class Chat:
    """The components of the tab."""

    conversations: gr.HTML
    welcome: gr.HTML
    fresh: gr.Button
    picker: gr.HTML
    panel: Panel
    chatbot: gr.Chatbot
    live: gr.Chatbot
    conversation: gr.State
    composer: gr.MultimodalTextbox
    status: gr.HTML
    job_id: gr.State
    followed: gr.State

    @property
    def form(self) -> gr.State:
        """Which model is asked, and how."""
        return self.panel.form

    @property
    def talk(self) -> list[Any]:
        """The conversation on the page (`Talk`)."""
        return [
            self.chatbot,
            self.conversation,
            self.live,
            self.composer,
            self.status,
            self.job_id,
        ]

    @property
    def opened(self) -> list[Any]:
        """The same with its settings (`Opened`)."""
        return [*self.talk, self.picker, self.form]


@dataclass(frozen=True)
class States:
    """What the tab remembers for a visitor; outside the tabs, as a workbench's states are."""

    form: gr.State
    conversation: gr.State
    job_id: gr.State
    followed: gr.State


def states(handlers: ChatHandlers) -> States:
    """Return the tab's states; call it before the tabs are laid out."""
    return States(
        gr.State(Form(handlers.models[0].id)),
        gr.State(None),
        gr.State(None),
        gr.State(Followed()),
    )


def build(handlers: ChatHandlers, kept: States) -> Chat:
    """Lay the tab out."""
    models = handlers.models
    with gr.Row(equal_height=False, elem_classes="halves chat"):
        with gr.Column(scale=4, min_width=280, elem_id="chat-bench", elem_classes="bench"):
            picker = components.picker(model_picker(models, models[0].id), elem_id="chat-model")
            with gr.Accordion("Settings", open=False, elem_classes="advanced"):
                settings = panel.build(kept.form, "chat-bench")

            fresh = gr.Button("New conversation", elem_classes="fresh")
            conversations = components.cards(label="Conversations", elem_id="conversations")
        with gr.Column(scale=11, min_width=300, elem_classes="talk"):
            # Gone as soon as there is a message: see chat.css.
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
            # Out of sight while nothing is written: see chat.css.
            live = gr.Chatbot(
                label="Answer",
                show_label=False,
                elem_id="live",
                height=None,
                layout="bubble",
                buttons=[],
                reasoning_tags=_REASONING,
            )
            status = components.buttons("", "look_again", classes="said")
            box = gr.MultimodalTextbox(
                label="Message",
                placeholder="Message (Shift+Enter starts a new line)",
                file_types=["image"],
                file_count="multiple",
                sources=[],
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
        panel=settings,
        chatbot=chatbot,
        live=live,
        conversation=kept.conversation,
        composer=box,
        status=status,
        job_id=kept.job_id,
        followed=kept.followed,
    )
    _wire(chat, handlers)
    return chat


def on_load(demo: gr.Blocks, chat: Chat, handlers: ChatHandlers) -> None:
    """List the conversations, and come back to an answer that is being written."""
    list_on(chat, handlers, demo.load)
    demo.load(handlers.attach, None, chat.opened, **QUIET)


def list_on(chat: Chat, handlers: ChatHandlers, *triggers: Any) -> None:
    """List the conversations whenever one of `triggers` happens."""
    gr.on(list(triggers), handlers.listed, None, chat.conversations, **QUIET)


def _wire(chat: Chat, handlers: ChatHandlers) -> None:
    # Whatever sets the job's id makes the page follow it; the answer is put into the conversation
    # once, when it is finished.
    streaming = chat.job_id.change(
        handlers.stream,
        [chat.job_id, chat.followed],
        [chat.live, chat.status],
        trigger_mode="multiple",
        **QUIET,
    )
    committed = streaming.then(
        handlers.commit, [chat.conversation, chat.job_id], chat.talk, **QUIET
    )
    given = [chat.conversation, *chat.panel.told]
    asked = [
        chat.composer.submit(
            handlers.send,
            [chat.conversation, chat.composer, *chat.panel.told],
            chat.talk,
            **QUIET,
        ),
        chat.status.look_again(handlers.look_again, None, chat.talk, **QUIET),
        chat.chatbot.retry(handlers.retry, given, chat.talk, **QUIET),
        chat.chatbot.edit(handlers.edit, given, chat.talk, **QUIET),
        chat.welcome.example(
            handlers.try_example,
            given,
            chat.opened,
            **QUIET,
        ),
    ]
    opened = chat.conversations.open(handlers.open, None, chat.opened, **QUIET)
    for change in (*asked, opened):
        change.then(None, None, None, js="() => playground.toEnd()", **QUIET)
    chat.fresh.click(handlers.clear, chat.form, chat.talk, **QUIET)
    chat.composer.stop(handlers.stop, chat.job_id, None, **QUIET)
    chat.panel.on_edited(panel.marked, chat.panel.told, [chat.panel.marks])
    chat.picker.choose(
        handlers.choose, chat.panel.told, [chat.picker, chat.form, chat.composer], **QUIET
    )
    for change in (*asked, committed):
        change.then(handlers.listed, None, chat.conversations, **QUIET)


def delete_with(chat: Chat, handlers: ChatHandlers, toast: gr.HTML) -> None:
    """Let conversations be thrown away, with a message that tells the way back."""
    deleted = chat.conversations.delete(
        handlers.delete, [chat.conversation, chat.form], [toast, *chat.talk], **QUIET
    )
    deleted.then(handlers.listed, None, chat.conversations, **QUIET)
