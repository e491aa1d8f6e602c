"""What it takes to load the library."""

import time
from collections.abc import Iterator
from importlib import import_module

from tests.bench.bench import Bench, load_average
from tests.bench.rows import Row, at_most
from tests.bench.sides import Figures, compare, side


def rows(bench: Bench) -> Iterator[Row]:
    """Compare `import core` with `import replicate`, each in a process that has loaded neither."""
    found = compare(
        bench.rounds, ours=side(cpu_of, module="core"), peer=side(cpu_of, module="replicate")
    )
    yield Row(
        "import of the library: CPU time",
        found["ours"]["ms"],
        at_most(1),
        peer=found["peer"]["ms"],
        unit="ms",
        against="import replicate",
        load=load_average(),
    )


def cpu_of(*, module: str) -> Figures:
    """Load a module for the first time."""
    began = time.process_time()
    import_module(module)
    return {"ms": (time.process_time() - began) * 1000}
