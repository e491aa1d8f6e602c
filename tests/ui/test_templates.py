"""HTML from templates."""

import os

import pytest

from ui.views.templates import render


def test_a_template_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status is made sixteen times a second of each answer that is written."""
    values = {"text": "Sending…", "tone": "info", "lost": None}
    first = render("notice", **values)
    monkeypatch.delattr(os.path, "getmtime")

    assert render("notice", **values) == first
