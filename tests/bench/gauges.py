"""What a process used: memory, CPU time, threads and handles, as Linux counts them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace


def reset_peak(pid: int | str = "self") -> None:
    """Let the peak of memory begin at what is used now (Linux, proc(5), `clear_refs`)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mb(pid: int | str = "self") -> float:
    """Return the most memory that was resident since `reset_peak`, in MB."""
    return _status(pid, "VmHWM") / 1024


def resident_mb(pid: int | str = "self") -> float:
    """Return the memory that is resident now, in MB."""
    return _status(pid, "VmRSS") / 1024


def cpu_seconds(pid: int | str = "self") -> float:
    """Return the CPU time that all of a process's threads took so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / 100


def threads(pid: int | str = "self") -> int:
    """Return how many threads a process has."""
    return _status(pid, "Threads")


def handles(pid: int | str = "self") -> int:
    """Return how many files and sockets a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def gauged() -> Iterator[SimpleNamespace]:
    """Measure a piece of this process's work: `seconds`, `cpu` seconds and `added_mb` of peak."""
    used = SimpleNamespace(seconds=0.0, cpu=0.0, added_mb=0.0)
    reset_peak()
    memory, cpu, began = resident_mb(), time.process_time(), time.perf_counter()
    yield used
    used.seconds = time.perf_counter() - began
    used.cpu = time.process_time() - cpu
    used.added_mb = max(0.0, peak_mb() - memory)


def _status(pid: int | str, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)
