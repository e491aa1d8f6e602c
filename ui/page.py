"""The page: its tabs and the links between them, nothing else."""

import gradio as gr

from ui import components
from ui.actions import Actions, Refresh, Shell, wire
from ui.bench import layout as workbench
from ui.bench.handlers import WorkbenchHandlers
from ui.components import QUIET
from ui.endpoints import Endpoints, publish
from ui.links import Bench, Benches, Links
from ui.live.changes import IDLE_SECONDS, Live, Seen
from ui.live.feed import Feed
from ui.live.head import Head
from ui.mends import (
    check_files_of,
    keep_drawing,
    note_progress_at,
    rest_between_events,
    skip_for_nothing,
    sum_up_no_events,
)
from ui.services import Services
from ui.tabs import chat, explore, history
from ui.tabs.chat import ChatHandlers
from ui.tabs.explore import ExploreHandlers
from ui.tabs.history import HistoryHandlers
from ui.tabs.image import IMAGE
from ui.tabs.video import VIDEO
from ui.troubles import told
from ui.views import pieces

_CACHE_SWEEP_SECONDS = 3600
_CACHE_AGE_SECONDS = 24 * 3600
_MAX_QUEUED = 200
_MAX_EVENTS = 260
"""How many events may be under way at once: those that follow a run last as long as it does, and
an answer has to get through beside them."""


def build_page(services: Services) -> gr.Blocks:
    """Return the page over `services`, ready to be mounted."""
    with gr.Blocks(
        title="Replicate Playground",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(_CACHE_SWEEP_SECONDS, _CACHE_AGE_SECONDS),
    ) as demo:
        head = Head(services)
        masthead = gr.HTML(pieces.masthead(services.backend), padding=False)
        banner = components.buttons("", "dismiss", elem_id="banner")
        components.server(elem_id="restarted")
        picturing, filming = (WorkbenchHandlers(services, kind) for kind in (IMAGE, VIDEO))
        seen, under_way, clock = gr.State(Seen()), gr.State(()), gr.Timer(IDLE_SECONDS)
        talk = ChatHandlers(services)
        chat_states = chat.states(talk)
        image_form, video_form = workbench.state(picturing), workbench.state(filming)
        exploring = ExploreHandlers(services)
        explore_states = explore.states(exploring)
        kept_state = history.state()
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab("Image", id="image"):
                image = Bench(workbench.build(picturing, image_form, clock), picturing)
            with gr.Tab("Video", id="video"):
                video = Bench(workbench.build(filming, video_form, clock), filming)
            with gr.Tab("Chat", id="chat") as chat_tab:
                talking = chat.build(talk, chat_states)
            with gr.Tab("Explore", id="explore") as explore_tab:
                explored = explore.build(exploring, explore_states, clock).bench
                any_model = Bench(explored, exploring)
            with gr.Tab("History", id="history") as past_tab:
                past = HistoryHandlers(services)
                kept = history.build(past, kept_state)
        benches = Benches(image, video, any_model)
        for bench in (image, video):
            workbench.on_load(demo, bench.parts, bench.handlers)
        explore_tab.select(
            exploring.arrive, explored.form, [explored.picker, explored.form], **QUIET
        )
        chat.on_load(demo, talking, talk)
        chat.list_on(talking, talk, chat_tab.select)
        shell = Shell(
            tabs=tabs,
            details=components.dialog(label="Details of a run", elem_id="details"),
            toast=components.toast(elem_id="toast"),
        )
        chat.delete_with(talking, talk, shell.toast)
        _link(services, shell, benches, talking, talk, kept, past)
        history.refresh_on(kept, past, past_tab.select, under_way.change)
        chat.list_on(talking, talk, under_way.change)
        banner.dismiss(told(head.dismiss), None, banner, **QUIET)
        live = Live(services, (Feed(services, "image"), Feed(services, "video")))
        feeds = [part for bench in benches for part in bench.parts.feed]
        gr.on(
            [demo.load, clock.tick],
            live.changes,
            [seen, any_model.parts.form],
            [seen, clock, under_way, masthead, banner, *feeds],
            # An answer that is lost on its way mustn't keep the page from asking again.
            trigger_mode="multiple",
            **QUIET,
        )
        publish(Endpoints(services))
    note_progress_at(clock, demo)
    keep_drawing(demo)
    check_files_of(demo)
    # No more events than this are taken up, whatever their own limits are; threads are started as
    # they are needed. The queue reads it when it is made.
    demo.max_threads = _MAX_EVENTS
    demo.queue(api_open=False, max_size=_MAX_QUEUED, default_concurrency_limit=None)
    sum_up_no_events(demo)
    rest_between_events(demo)
    skip_for_nothing(demo)
    return demo


def _link(
    services: Services,
    shell: Shell,
    benches: Benches,
    talking: chat.Chat,
    talk: ChatHandlers,
    kept: history.History,
    past: HistoryHandlers,
) -> None:
    actions = Actions(services)
    refresh = Refresh.of_all(
        [
            *(
                Refresh(one.handlers.shown_feed, [one.parts.form], one.parts.feed)
                for one in benches
            ),
            Refresh(talk.listed, [], [talking.conversations]),
            Refresh(past.refresh, [kept.loaded, *kept.filters], kept.shown),
        ]
    )
    lists = [
        *(part for bench in benches for part in (bench.parts.current, bench.parts.latest)),
        kept.cards,
    ]
    wire(lists, actions, shell, refresh, **QUIET)
    links = Links(actions, shell, benches, talking, talk)
    links.wire(*lists, shell.details, **QUIET)
