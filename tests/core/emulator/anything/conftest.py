"""Files as small as they can be, so that a test needn't wait for them."""

import pytest

from core.emulator.models.anything import files, wishes


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_PIXELS", 96 * 96)
    monkeypatch.setattr(files, "MAX_FRAME", (96, 54))
    monkeypatch.setattr(wishes, "MAX_CLIP_SECONDS", 0.5)
    monkeypatch.setattr(wishes, "MAX_SOUND_SECONDS", 0.5)
