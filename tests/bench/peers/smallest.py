"""The smallest app of all: a Textbox."""

import gradio as gr

with gr.Blocks() as demo:
    gr.Textbox()

if __name__ == "__main__":
    demo.launch()
