"""Jobs to put into a history, and a clock to put them there by."""

from datetime import UTC, datetime
from typing import Any

from core.history.archive import Archive, Job, MediaFile

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

A_FILE = MediaFile(
    n=0,
    place=("images", 0),
    key="local/2026-03/job1/0.webp",
    thumbnail_key="local/2026-03/job1/0.thumb.webp",
    name="fox.webp",
    media_type="image/webp",
    bytes=6_000_000_000,
    sha256="ab" * 32,
    width=1024,
    height=768,
)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def a_job(job_id: str = "job1", **changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": job_id,
        "backend": "https://api.example",
        "owner": "local",
        "kind": "image",
        "model": "black-forest-labs/flux-schnell",
        "input": {"prompt": "a fox", "seed": 7},
        "created_at": NOW,
    }
    return Job(**(values | changes))


async def add(archive: Archive, *jobs: Job, holder: str = "me") -> None:
    for job in jobs:
        await archive.add(job, holder=holder, lease_seconds=30)
