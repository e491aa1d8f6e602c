"""A page with one event, whose handler takes 2 ms."""

import asyncio

import gradio as gr


async def handler():
    await asyncio.sleep(0.002)
    return "<p>Done</p>"


with gr.Blocks() as demo:
    button = gr.Button("Go")
    said = gr.HTML()
    button.click(handler, None, said)

if __name__ == "__main__":
    demo.launch()
