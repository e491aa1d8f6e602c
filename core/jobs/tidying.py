"""Tidies up what a process left that was killed between a job's end and its last file operation."""

from core.history.archive import Archive, ArchiveError, UnknownJob
from core.history.media import MediaStore
from core.jobs.intents import job_folder
from core.logs import get_logger


async def tidy_settled(archive: Archive, media: MediaStore) -> None:
    """Remove the partial files of jobs that are settled; those of others are still needed.

    While the history can't be read, everything stays: the next start tidies it up.
    """
    for folder in await media.untidy():
        try:
            job = await archive.get(folder.rpartition("/")[2])
        except UnknownJob:
            continue  # perhaps of a history that was damaged
        except ArchiveError as error:
            get_logger().warning("media.not_tidied", reason=str(error))
            return
        if job.state.is_settled and job_folder(job) == folder:
            await media.tidy(folder, job.files)
