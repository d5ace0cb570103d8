# /// script
# dependencies = ["pygal"]
# ///
# How fast the model writes, for answers of several lengths.
import time

import pygal

from pywebllm import AsyncWebLLM

LENGTHS = (8, 32, 64)
rows = []

async with AsyncWebLLM() as llm:
    await llm.load()
    for length in LENGTHS:
        begin = time.perf_counter()
        first = None
        stream = await llm.chat.completions.create(
            messages=[{"role": "user", "content": "Write a long persona of Ada."}],
            max_tokens=length,
            stream=True,
        )
        async for _chunk in stream:
            if first is None:
                first = time.perf_counter() - begin
        seconds = time.perf_counter() - begin
        tokens = stream.final.usage.completion_tokens
        rate = tokens / (seconds - first)
        rows.append(
            {"tokens": tokens, "first token, s": round(first, 2), "tokens/s": round(rate, 1)}
        )

display(rows)

chart = pygal.Bar(title="Tokens per second", width=480, height=320, js=[], show_legend=False)
chart.x_labels = [str(row["tokens"]) for row in rows]
chart.add("tokens/s", [row["tokens/s"] for row in rows])
display(chart)
