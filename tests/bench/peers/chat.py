"""A chat with a model on Replicate: a yield of the history for each token."""

import gradio as gr
import replicate

from tests.bench.peers import CHAT_MODEL

with gr.Blocks() as demo:
    chatbot = gr.Chatbot()
    message = gr.Textbox()

    def user(text, history):
        return "", [*history, {"role": "user", "content": text}]

    async def bot(history):
        prompt = "\n\n".join(f"{turn['role']}: {turn['content'][0]['text']}" for turn in history)
        history.append({"role": "assistant", "content": ""})
        async for event in await replicate.async_stream(CHAT_MODEL, input={"prompt": prompt}):
            history[-1]["content"] += str(event)
            yield history

    message.submit(user, [message, chatbot], [message, chatbot], queue=False).then(
        bot, chatbot, chatbot
    )

if __name__ == "__main__":
    demo.launch()
