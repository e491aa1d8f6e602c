"""What Gradio does to a page like this one that can be mended from outside."""

from copy import copy
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction
from gradio.state_holder import SessionState

from ui.components import QUIET


def note_progress_at(place: gr.blocks.Block, demo: gr.Blocks) -> None:
    """Let the page note the progress of its quiet events in one place, which shows none.

    Left to itself Gradio notes it at each output, and at each event it looks every one of them up
    in the whole page, those of forms that are long gone too: a page became slower with each form.
    """
    for event in demo.fns.values():
        if event.show_progress == QUIET["show_progress"]:
            event.show_progress_on = [place]


def keep_drawing(demo: gr.Blocks) -> None:
    """Let a form be drawn whatever else is under way in its page.

    Gradio draws on a thread, and at the end walks through all blocks of the visitor's page. An
    event that is taken up meanwhile may add one (that of an input which was updated before), and
    the form that was drawn is lost. Each visitor's blocks are a copy of these.
    """
    demo.default_config.blocks = _Blocks(demo.default_config.blocks)


def check_files_of(demo: gr.Blocks) -> None:
    """Let no browser name a file of this machine that it didn't upload.

    Gradio looks at that only if a page was launched, and this one is mounted.
    """
    demo.has_launched = True


def sum_up_no_events(demo: gr.Blocks) -> None:
    """Let an event cost what it does.

    After each, Gradio sums up the last 10,000 in a table, 20 ms long, for a dashboard that this
    page doesn't have.
    """
    queue = demo._queue
    queue.ANALYTICS_MAX_EVENTS = 1
    queue.compute_analytics_summary = lambda _: queue.cached_event_analytics_summary


def rest_between_events(demo: gr.Blocks) -> None:
    """Let a server rest while nobody asks for anything.

    Gradio looks for a new event every millisecond, and every ten for the progress of those under
    way, which this page doesn't show: together 2.5 % of a core, for ever. Here it is 1.1 %, and an
    event waits up to 5 ms for its turn.
    """
    demo._queue.sleep_when_free = 0.005
    demo._queue.progress_update_sleep_when_free = 0.1


def skip_for_nothing(demo: gr.Blocks) -> None:
    """Let an output that is left as it is (`gr.skip()`) cost nothing.

    Gradio makes its component anew, with the JSON schema of its value: 2 ms for a Chatbot, 4 ms for
    each tick of the page's clock that leaves all of it as it is.
    """
    postprocess_all = demo.postprocess_data

    async def postprocess(fn: BlockFunction, values: Any, state: SessionState | None) -> Any:
        outputs = fn.outputs
        is_one = len(outputs) == 1 or _is_skipped(values)
        each = [values] * len(outputs) if is_one else values
        if not isinstance(each, list | tuple) or len(each) != len(outputs):
            return await postprocess_all(fn, values, state)
        changed = [n for n, value in enumerate(each) if not _is_skipped(value)]
        result = [None if one.stateful else gr.skip() for one in outputs]
        if changed:
            part = copy(fn)
            part.outputs = [outputs[n] for n in changed]
            given = [each[n] for n in changed]
            # Gradio takes what a function with one output returns for that output.
            told = await postprocess_all(part, given if len(given) > 1 else given[0], state)
            for n, value in zip(changed, told, strict=True):
                result[n] = value
        return result

    demo.postprocess_data = postprocess


def _is_skipped(value: Any) -> bool:
    return isinstance(value, dict) and value == gr.skip()


class _Blocks(dict[int, Any]):
    """Blocks by their ids; who walks through them sees those that were there when they began."""

    def values(self) -> Any:
        return dict(self).values()

    def items(self) -> Any:
        return dict(self).items()
