"""What the page's handlers work with: the parts of `core` that the composition root opened."""

from dataclasses import dataclass

from core import ApiError, AsyncReplicateClient
from core.history.archive import Archive
from core.history.media import MediaStore
from core.jobs.account import Account
from core.jobs.jobs import Jobs

LOCAL_OWNER = "local"
"""Whose jobs the page starts and lists: everyone at this machine is one person."""


@dataclass(frozen=True)
class Backend:
    """Where predictions run, in a person's words."""

    label: str
    simulated: bool


@dataclass(frozen=True)
class Services:
    """Everything a handler may call; opened and closed by `app.py`.

    `account` is whose predictions are made, or None for the embedded demo, which knows no accounts.
    """

    account: Account | None
    client: AsyncReplicateClient
    archive: Archive
    media: MediaStore
    jobs: Jobs

    @property
    def backend(self) -> Backend:
        """Where predictions run, as far as is known now."""
        if self.account is None:
            return Backend("Offline demo: outputs are simulated, no model was run", simulated=True)
        username, problem = self.account.username, self.account.problem
        # What can't be reached may be there again; what answers, and refuses, has to be seen to.
        if problem is not None and (username is None or isinstance(problem, ApiError)):
            return Backend(f"Replicate: {problem}", simulated=False)
        return Backend(f"Replicate · {username}" if username else "Replicate", simulated=False)
