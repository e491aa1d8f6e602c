"""How Gradio is loaded: quickly, and without a trace."""

from importlib import import_module
from pathlib import Path

import gradio as gr
import pytest


def test_no_type_stubs_are_written_for_a_component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import gradio as gr\n\n\nclass Mine(gr.Textbox):\n    pass\n"
    (tmp_path / "a_component.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)

    module = import_module("a_component")

    assert issubclass(module.Mine, gr.Textbox)
    assert list(tmp_path.glob("*.pyi")) == []
