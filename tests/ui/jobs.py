"""Jobs as the tests of what people see put them together."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.history.records import Job, MediaFile

HOSTILE = '<img src=x onerror="alert(1)">'
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILE = MediaFile(
    n=0,
    key="local/2026-03/job1/0.webp",
    thumbnail_key="local/2026-03/job1/0.thumb.webp",
    name="fox.webp",
    media_type="image/webp",
    bytes=1200,
    sha256="ab" * 32,
    width=1024,
    height=768,
)


def a_job(**changes: Any) -> Job:
    """Return a picture's job, asked for at `NOW` and ended 2.5 s later."""
    values: dict[str, Any] = {
        "id": "job1",
        "backend": "emulator",
        "owner": "local",
        "kind": "image",
        "model": "black-forest-labs/flux-schnell",
        "input": {"prompt": "a fox", "seed": 7},
        "created_at": NOW,
        "completed_at": NOW + timedelta(seconds=2.5),
    }
    return Job(**(values | changes))
