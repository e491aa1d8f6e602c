"""Small apps as Gradio's documentation shows them, each run by `python -m`."""

CHAT_MODEL = "meta/meta-llama-3-70b-instruct"
"""The model that chats are with; `tests/bench/emulated.py` has it."""
