"""An embedded server that speaks Replicate's HTTP API, with models that draw and write by rules.

`Emulator` runs it inside a program, `python -m core.emulator` by itself. It shares no code with
the rest of core, and no model is run: its outputs are made by honest, simple procedures.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.emulator.connections import ReceivedRequest
    from core.emulator.faults import Fault
    from core.emulator.runner import ModelCard, Runner
    from core.emulator.server import Emulator

__all__ = ["Emulator", "Fault", "ModelCard", "ReceivedRequest", "Runner"]

_HOMES = {
    "Emulator": "server",
    "Fault": "faults",
    "ModelCard": "runner",
    "ReceivedRequest": "connections",
    "Runner": "runner",
}


def __getattr__(name: str) -> Any:
    """Import on demand, or `--help` would wait for every model to be loaded."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
