"""An embedded server that speaks Replicate's HTTP API, with models that draw and write by rules.

`Emulator` runs it inside a program, `python -m core.emulator` by itself. It shares no code with
the rest of core, and no model is run: its outputs are made by honest, simple procedures.
"""

from core.emulator.connections import ReceivedRequest
from core.emulator.faults import Fault
from core.emulator.runner import ModelCard, Runner
from core.emulator.server import Emulator

__all__ = ["Emulator", "Fault", "ModelCard", "ReceivedRequest", "Runner"]
