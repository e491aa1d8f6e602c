"""`python -m tests.bench`: all benchmarks, or those that are named, as one table."""

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from tests.bench import parts
from tests.bench.bench import Bench
from tests.bench.rows import Curve, Row, table


def main(argv: Sequence[str] | None = None) -> int:
    """Run benchmarks and print their table; the exit status says nothing of goals."""
    names = part_names()
    alone = [name for name in names if getattr(_part(name), "ONLY_WHEN_NAMED", False)]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    which = f"of {', '.join(names)}; all, but for {', '.join(alone)}"
    parser.add_argument("parts", nargs="*", metavar="PART", help=which)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here too")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw how costs grow (PNG)")
    parser.add_argument("--smoke", action="store_true", help="as little as shows that it runs")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.parts) - set(names):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; it is {', '.join(names)}")

    rows: list[Row] = []
    curves: list[Curve] = []
    for name in arguments.parts or [name for name in names if name not in alone]:
        module = _part(name)
        print(f"{name}: {(module.__doc__ or '').splitlines()[0]}", file=sys.stderr, flush=True)
        with TemporaryDirectory() as folder:
            for found in module.rows(Bench(arguments.rounds, Path(folder), arguments.smoke)):
                rows.append(found) if isinstance(found, Row) else curves.append(found)
    print(f"{machine()}; medians of {arguments.rounds} rounds\n\n{table(rows)}")
    if arguments.json:
        document = {
            "machine": machine(),
            "rows": [row.to_json() for row in rows],
            "curves": [asdict(curve) for curve in curves],
        }
        arguments.json.write_text(json.dumps(document, indent=2), encoding="utf-8")
    if arguments.plot:
        from tests.bench.plot import draw

        draw(curves, arguments.plot)
    return 0


def part_names() -> list[str]:
    """Return the benchmarks that there are."""
    return [module.name for module in pkgutil.iter_modules(parts.__path__)]


def _part(name: str) -> ModuleType:
    return importlib.import_module(f"{parts.__name__}.{name}")


def machine() -> str:
    """Say when and on what it was measured."""
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    what = models[0] if models else platform.machine()
    when = f"{date.today():%d %B %Y}"
    return f"{when}, {os.cpu_count()} cores of {what}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
