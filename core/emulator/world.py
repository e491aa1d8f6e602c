"""The state that the emulated API works on."""

from dataclasses import dataclass

from core.emulator.clock import Clock
from core.emulator.predictions import Predictions
from core.emulator.registry import Registry
from core.emulator.storage import Storage
from core.emulator.webhooks import Webhooks


@dataclass(frozen=True)
class World:
    """Everything that there is. Belongs to one event loop."""

    clock: Clock
    storage: Storage
    registry: Registry
    predictions: Predictions
    webhooks: Webhooks

    def advance(self, seconds: float) -> None:
        """Move the clock, so that things expire and deadlines are met."""
        self.clock.advance(seconds)
        self.predictions.follow_clock()
