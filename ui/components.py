"""The page's own components: Gradio's `HTML` with a part of `assets/page/` behind it.

A component's events are named after what a person asks for (`star`, `delete`, …); their handlers
get a `gr.EventData`, whose `job` says of which run.
"""

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import EventListener

ASSETS = Path(__file__).with_name("assets")
_SCRIPTS = ("html", "asking", "cards", "overlays", "form", "chat", "shell")
_STYLES = ("frame", "form", "runs", "cards", "explore", "chat", "details", "narrow")


QUIET: dict[str, Any] = {
    "concurrency_limit": None,
    "show_progress": "hidden",
    "api_visibility": "private",
}
"""How the page listens: as often as it is asked, without Gradio's own spinner, and for itself."""

CARD_EVENTS = (
    "open",
    "stop",
    "look_again",
    "run_again",
    "reuse",
    "use_image",
    "animate",
    "go_on",
    "star",
    "delete",
    "restore",
)
"""What can be asked of a card. `use_image` puts a picture into the form, `animate` makes it the
first frame of a clip, `go_on` does so with a clip's last frame."""


def cards(*, label: str, elem_id: str, layout: str = "stack") -> gr.HTML:
    """Return a list of cards; its value is a list of `(key, html)`.

    Args:
        label: what the list is, for those who don't see it.
        elem_id: its id in the page.
        layout: `stack`, one under the other, or `grid`, which is walked through by arrow keys.
    """
    return _component(
        "list",
        CARD_EVENTS,
        f'<div data-list="{layout}" class="{layout}" role="list" aria-label="{label}"></div>',
        value=[],
        elem_id=elem_id,
    )


def dialog(*, label: str, elem_id: str) -> gr.HTML:
    """Return a dialog; it opens when its value is `{key, html}`, and closes when that is None."""
    return _component(
        "dialog",
        CARD_EVENTS,
        f'<dialog aria-label="{label}"></dialog>',
        value=None,
        elem_id=elem_id,
    )


def toast(*, elem_id: str) -> gr.HTML:
    """Return a place for short messages; one is shown when the value is `{html}`."""
    return _component(
        "toast", ("restore",), '<div class="toasts" role="status"></div>', value=None,
        elem_id=elem_id,
    )  # fmt: skip


def buttons(html: str, *events: str, elem_id: str | None = None, classes: str = "") -> gr.HTML:
    """Return HTML whose buttons (`data-act`) are events."""
    return _component(
        "buttons", events, "${value}", value=html, elem_id=elem_id, elem_classes=classes
    )


def picker(html: str, *, elem_id: str) -> gr.HTML:
    """Return a choice that opens under its button; its event is `choose`."""
    return _component("picker", ("choose",), "${value}", value=html, elem_id=elem_id)


def finder(*, elem_id: str) -> gr.HTML:
    """Return where models are found, and where one that is open shows what it is."""
    events = ("choose", "browse", "load", "collection", "favourite", "example")
    return _component("buttons", events, "${value}", value="", elem_id=elem_id)


def marks() -> gr.HTML:
    """Return what marks a form's fields (`ui.bench.marks`), and leads back to their defaults.

    Its event `edited` says that a person is done with a field.
    """
    events = ("edited", "reset", "reset_all")
    return _component("marks", events, "<div></div>", value=None, elem_classes="marks")


def arrival() -> gr.HTML:
    """Return what tells the page that the form which it stands in was drawn."""
    return _component("arrival", (), "<span></span>", value=None, elem_classes="arrival")


def draft(kind: str) -> gr.HTML:
    """Return what keeps a workbench's prompt over a reload of the page."""
    html = f'<span data-kind="{kind}" hidden></span>'
    return _component("draft", (), html, value=None, elem_classes="draft")


def server(*, elem_id: str) -> gr.HTML:
    """Return what says so when the server behind the page was started anew."""
    words = "The playground was restarted. Reload the page to go on; your prompt stays."
    return _component(
        "server",
        (),
        f'<div class="restarted" role="alert" hidden><span>{words}</span>'
        '<button type="button" class="act">Reload</button></div>',
        value=None,
        elem_id=elem_id,
    )


def trigger(source: gr.HTML, event: str) -> EventListener:
    """Return an event of one of these components as `gr.on` takes it."""
    listener = EventListener(event)
    listener.__self__ = source
    return listener


def asked(event: gr.EventData, name: str = "job") -> str:
    """Return what an event of these components tells under a name, or ""; a browser sent it."""
    data = event._data if isinstance(event._data, dict) else {}
    value = data.get(name)
    return value if isinstance(value, str) else ""


def page_head() -> str:
    """Return what goes into the page's head: the script behind these components.

    Its parts share their functions, and nothing else of the page sees them but `playground`.
    """
    parts = [(ASSETS / "page" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS]
    begin = '"use strict"; const page = (window.playground = {});'
    return "\n".join(["<script>(() => {", begin, *parts, "})();</script>"])


def page_styles() -> list[Path]:
    """Return the page's style sheets, in their order."""
    return [ASSETS / "style" / f"{name}.css" for name in _STYLES]


def _component(
    part: str, events: tuple[str, ...], template: str, *, value: Any, **options: Any
) -> gr.HTML:
    # Gradio reads the names of a component's events from the quoted words of its script.
    named = ", ".join(f"'{name}'" for name in events)
    return gr.HTML(
        value=value,
        html_template=template,
        js_on_load=f"playground.{part}({{ element, props, trigger, watch }}, [{named}]);",
        padding=False,
        apply_default_css=False,
        **options,
    )
