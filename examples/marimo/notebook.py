# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "pywebllm"]
# ///

import marimo

__generated_with = "0.25.2"
app = marimo.App()


@app.cell
def _():
    import marimo as mo
    import pywebllm

    return mo, pywebllm


@app.cell
def _(mo):
    mo.md("""
    # A model in the notebook

    Python runs in the browser here, and so does the model: on this computer's GPU, without a
    server.
    """)
    return


@app.cell
async def _(pywebllm):
    llm = pywebllm.AsyncWebLLM()
    with pywebllm.ProgressBar() as bar:
        await llm.load(on_progress=bar)
    return (llm,)


@app.cell
def _(mo):
    interests = mo.ui.text(value="chess", label="Interests")
    interests
    return (interests,)


@app.cell
async def _(interests, llm):
    ask = [{"role": "user", "content": f"Name: Ada\nAge: 36\nInterests: {interests.value}"}]
    await llm.chat.completions.create(messages=ask, seed=1)
    return (ask,)


@app.cell
async def _(ask, llm, mo):
    import textwrap

    # Pieces replace the output as they are written.
    text = ""
    async for chunk in await llm.chat.completions.create(messages=ask, seed=1, stream=True):
        text += chunk.text
        mo.output.replace(mo.plain_text(textwrap.fill(text)))
    return


@app.cell
async def _(ask, llm):
    from dataclasses import dataclass
    from typing import Literal

    @dataclass
    class Player:
        name: str
        opening: Literal["bold", "safe"]

    reply = await llm.chat.completions.parse(messages=ask, response_format=Player, seed=1)
    reply.parsed
    return


if __name__ == "__main__":
    app.run()
