"""The text of one stream so far: what events add to it, and how it becomes the prediction's own."""

from core.client.sse import ServerSentEvent
from core.logs import get_logger
from core.prediction import Prediction


class Transcript:
    """Collects a text from events that may come twice, and from the prediction itself.

    Attributes:
        was_replaced: the text that was given out differs from the prediction's output, which now
            stands in `text`.
        heard: how many events that were new.
        last_id: the newest event's.
        can_repeat: whether events that come again would be known by their ids.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.was_replaced = False
        self.heard = 0
        self.last_id: str | None = None
        self.can_repeat = True
        self._seen: set[str] = set()

    @property
    def text(self) -> str:
        """All of it so far."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def take(self, event: ServerSentEvent) -> str:
        """Add an event and return the text that it brings, if it brings any."""
        if event.id is not None:
            if event.id in self._seen:
                return ""
            self._seen.add(event.id)
            self.last_id = event.id
        self.heard += 1
        if event.name != "output":
            if event.name != "logs":
                get_logger().debug("stream.event_unknown", event_name=event.name)
            return ""
        if event.id is None:
            self.can_repeat = False
        self._parts.append(event.data)
        return event.data

    def complete(self, prediction: Prediction) -> str:
        """Add what the prediction's output has beyond the text, and return it.

        Once it has ended, the text is its output, whatever came before.
        """
        truth = prediction.text
        if truth is None:
            return ""
        missing = _after(self.text, truth)
        if missing is None:
            # What ended early may list less than it had already sent.
            was_further = prediction.status != "succeeded" and self.text.startswith(truth)
            if was_further or not prediction.is_terminal:
                return ""
            missing = ""
        self._parts.append(missing)
        if prediction.is_terminal and self.text != truth:
            get_logger().warning("stream.replaced", prediction_id=prediction.id)
            self._parts = [truth]
            self.was_replaced = True
        return missing


def _after(given: str, truth: str) -> str | None:
    """Return what a text has after its beginning, or None if it doesn't begin so.

    An event can't hold a carriage return: CR and CRLF come as LF.
    """
    if truth.startswith(given):
        return truth[len(given) :]
    place = 0
    for character in given:
        found = truth[place : place + 1]
        if found == "\r" and character == "\n":
            place += 2 if truth.startswith("\r\n", place) else 1
        elif found == character:
            place += 1
        else:
            return None
    return truth[place:]
