# /// script
# dependencies = ["openai"]
# ///
# The official openai package, with the model of this page instead of a server.
import pywebllm.openai

client = pywebllm.openai.AsyncOpenAI()

stream = await client.chat.completions.create(
    model="pywebllm-persona-q4f32_1",
    messages=[{"role": "user", "content": "Write a short persona of Emil."}],
    max_tokens=80,
    stream=True,
)
async for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
