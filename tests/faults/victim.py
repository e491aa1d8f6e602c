"""Processes that run jobs with nothing but core, to be killed: `python -m tests.faults.victim`.

It imports everything once, then forks one for each order on its input, a JSON object a line, so
that a kill costs no start of Python. On its output it tells the process's id, and when it is over.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core import AsyncReplicateClient, Settings
from core.history.archive import Archive
from core.history.media import MediaStore
from core.jobs.jobs import Jobs


def main() -> None:
    """Fork a process for each order; wait for it to be over before the next."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(run(**json.loads(line)))
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("over", flush=True)


async def run(
    *, base_url: str, data_dir: str, backend: str, model: str, inputs: list[dict[str, Any]]
) -> None:
    """Submit a job for each input, of which one runs at once, and go on for ever."""
    settings = Settings(
        base_url=base_url, replicate_api_token=SecretStr("any"), data_dir=Path(data_dir)
    )
    media = MediaStore(settings.data_dir / "media")
    async with (
        AsyncReplicateClient(settings) as client,
        Archive.open(settings.database_url_or_default) as archive,
        Jobs(client, archive, media, backend=backend, max_running=1) as jobs,
    ):
        for given in inputs:
            await jobs.submit(model, given, owner="ann")
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
