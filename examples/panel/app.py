"""A Panel app: `panel convert app.py --to pyodide-worker --requirements panel pywebllm`."""

import panel as pn
from pywebllm import AsyncWebLLM

llm = AsyncWebLLM()
interests = pn.widgets.TextInput(name="Interests", value="chess")
button = pn.widgets.Button(name="Write")
answer = pn.pane.Str("")


async def write(_event):
    """Show the answer while it is written."""
    await llm.load(on_progress=lambda progress: setattr(answer, "object", progress.text))
    text = ""
    ask = {"role": "user", "content": f"Name: Ada\nAge: 36\nInterests: {interests.value}"}
    async for chunk in await llm.chat.completions.create(messages=[ask], stream=True):
        text += chunk.text
        answer.object = text


button.on_click(write)
pn.Column(interests, button, answer).servable()
