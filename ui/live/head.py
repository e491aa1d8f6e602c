"""What stands above the tabs: what the page talks to, and what is wrong with the history."""

from dataclasses import dataclass
from typing import NamedTuple

import gradio as gr

from core.history.mending import SetAside
from ui.components import asked
from ui.services import Services
from ui.views import pieces
from ui.views.pieces import BannerLine


class Shown(NamedTuple):
    """HTML for the page's head and for the banner below it."""

    masthead: str
    banner: str


@dataclass(frozen=True)
class Head:
    """Shows how things stand."""

    services: Services

    def shown(self) -> Shown:
        """Return the head as it is now; it costs nothing to ask."""
        archive = self.services.archive
        trouble = archive.trouble
        lines = [] if trouble is None else [BannerLine(str(trouble))]
        lines += [BannerLine(_told(one), one.file.name) for one in archive.set_aside]
        return Shown(pieces.masthead(self.services.backend), pieces.banner(lines))

    async def dismiss(self, event: gr.EventData) -> str:
        """Say no more of a damaged file, and return the banner without it."""
        await self.services.archive.dismiss(asked(event, "name"))
        return self.shown().banner


def _told(one: SetAside) -> str:
    runs = f"{one.carried_over:,} run{'' if one.carried_over == 1 else 's'}"
    were = "was" if one.carried_over == 1 else "were"
    return (
        f"The history was damaged: its file is kept as {one.file}, and {runs} that could be read "
        f"{were} carried over into a new one."
    )
