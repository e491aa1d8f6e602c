"""What can be said no to when something is asked of jobs."""

from core.errors import PlaygroundError


class JobsClosed(PlaygroundError):
    """The app is closing."""

    def __init__(self) -> None:
        super().__init__("The playground is closing: run it again when it is back.")


class NotUncertain(PlaygroundError):
    """A job's prediction isn't looked for: it is known, or this isn't its account."""
