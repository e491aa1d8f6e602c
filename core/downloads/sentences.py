"""What people read when the disk, or a limit, is in a download's way."""

import errno
from pathlib import Path


def readable(size: int) -> str:
    """Return a number of bytes as people write it: `1.5 MB`."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"


def disk_sentence(error: OSError, path: Path) -> str:
    """Return why a file can't be written there, and what to do about it."""
    folder = path.parent
    match error.errno:
        case errno.EISDIR:
            return f"{path} is a folder: give the name of a file in it."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{folder} can't be written to: choose another folder, or allow writing to it."
        case errno.EEXIST | errno.ENOTDIR:
            return f"{folder} can't be made, because a file is in its way: choose another folder."
        case errno.EXDEV:
            return f"The folder for partial files is on another disk than {folder}: move it there."
        case errno.ENAMETOOLONG:
            return f"The file name {path.name[:40]}… is too long: choose a shorter one."
        case _:
            return f"The file can't be written ({error.strerror}): choose another folder."
