import ui  # noqa: F401  # before Gradio is loaded by a test: see `ui.loading`
