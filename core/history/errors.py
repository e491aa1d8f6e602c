"""What can go wrong with the history."""

from core.errors import PlaygroundError


class ArchiveError(PlaygroundError):
    """The history's database can't be used."""


class HistoryDamaged(ArchiveError):
    """The history's file holds what it can't hold; the next opening mends that."""


class UnknownJob(PlaygroundError):
    """There is no such job, or it is somebody else's."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("The history holds no such run: it may have been deleted.")


class LeaseLost(PlaygroundError):
    """A job is another holder's now, or has ended."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("Another copy of the playground has this run now.")
