"""A page of 30 components, of the kinds that a model's form has."""

import gradio as gr


def run(prompt):
    return prompt


with gr.Blocks() as demo:
    with gr.Row():
        with gr.Column():
            prompt = gr.Textbox(label="Prompt", lines=4)
            for number in range(5):
                gr.Textbox(label=f"Text {number}")
                gr.Slider(0, 100, value=50, label=f"Slider {number}")
                gr.Number(label=f"Number {number}")
                gr.Checkbox(label=f"Checkbox {number}")
                gr.Dropdown(["one", "two", "three"], label=f"Choice {number}")
            image = gr.Image(label="Image", type="filepath")
            button = gr.Button("Run", variant="primary", elem_classes="run")
        with gr.Column():
            said = gr.HTML()
            results = gr.Gallery(label="Results")
    button.click(run, prompt, said)

if __name__ == "__main__":
    demo.launch()
