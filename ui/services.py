"""What the page's handlers work with: the parts of `core` that the composition root opened."""

from dataclasses import dataclass

from core import AsyncReplicateClient
from core.history.archive import Archive
from core.history.media import MediaStore
from core.jobs.jobs import Jobs

LOCAL_OWNER = "local"
"""Whose jobs the page starts and lists: everyone at this machine is one person."""


@dataclass(frozen=True)
class Backend:
    """Where predictions run: its key in the archive, and its name in a person's words."""

    key: str
    label: str
    simulated: bool


@dataclass(frozen=True)
class Services:
    """Everything a handler may call; opened and closed by `app.py`."""

    backend: Backend
    client: AsyncReplicateClient
    archive: Archive
    media: MediaStore
    jobs: Jobs
