"""Above the tabs stands what the page talks to, and what is wrong with the history."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core import ConnectionFailed, PlaygroundError, Unauthenticated
from core.history.archive import ArchiveError
from core.history.mending import SetAside
from tests.ui.jobs import HOSTILE
from ui.live.head import Head
from ui.services import Services

FILE = Path("/data/history.damaged-20261124T161100Z.db")
OFFLINE = ConnectionFailed("Replicate can't be reached.")
WRONG = Unauthenticated(status=401)


class Archive:
    """A history as it says that it is."""

    def __init__(self, trouble: ArchiveError | None = None, *set_aside: SetAside) -> None:
        self.trouble = trouble
        self.set_aside = set_aside

    async def dismiss(self, name: str) -> None:
        self.set_aside = tuple(one for one in self.set_aside if one.file.name != name)


def head(archive: Archive | None = None, account: Any = None) -> Head:
    unused: Any = None
    return Head(Services(account, unused, archive or Archive(), unused, unused))  # type: ignore[arg-type]


def account(username: str | None, problem: PlaygroundError | None) -> Any:
    return SimpleNamespace(username=username, problem=problem)


def test_while_all_is_well_there_is_no_banner() -> None:
    assert head().shown().banner == ""


def test_the_banner_says_what_is_wrong_and_escapes_it() -> None:
    shown = head(Archive(ArchiveError(f"The disk is full {HOSTILE}."))).shown().banner

    assert 'role="alert"' in shown
    assert "The disk is full" in shown
    assert "<img" not in shown
    assert "Dismiss" not in shown


@pytest.mark.parametrize(
    ("carried_over", "words"),
    [
        (0, "0 runs that could be read were carried over"),
        (1, "1 run that could be read was carried over"),
        (1203, "1,203 runs that could be read were carried over"),
    ],
)
def test_a_damaged_file_is_told_of_in_one_sentence(carried_over: int, words: str) -> None:
    shown = head(Archive(None, SetAside(FILE, carried_over))).shown().banner

    assert f"its file is kept as {FILE}" in shown
    assert words in shown
    assert f'data-act="dismiss" data-name="{FILE.name}"' in shown


async def test_a_damaged_file_is_dismissed_by_its_name() -> None:
    other = SetAside(FILE.with_name("history.damaged-1.db"), 1)
    above = head(Archive(None, SetAside(FILE, 2), other))

    shown = await above.dismiss(gr.EventData(None, {"name": FILE.name}))

    assert FILE.name not in shown
    assert other.file.name in shown


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (None, "Offline demo: outputs are simulated, no model was run"),
        (account(None, None), ">Replicate<"),
        (account("ann", None), "Replicate · ann"),
        (account("ann", OFFLINE), "Replicate · ann"),
        (account(None, OFFLINE), "Replicate: Replicate can&#39;t be reached."),
        (account(None, WRONG), "check REPLICATE_API_TOKEN"),
        (account("ann", WRONG), "check REPLICATE_API_TOKEN"),
    ],
)
def test_the_page_says_whose_account_it_is_or_why_that_is_not_known(
    account: Any, words: str
) -> None:
    assert words in head(account=account).shown().masthead
