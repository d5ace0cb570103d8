# Several answers to one question, with different seeds and temperatures, as a table.
from pywebllm import AsyncWebLLM

rows = []

async with AsyncWebLLM() as llm:
    for temperature in (0.0, 0.7, 1.2):
        reply = await llm.chat.completions.create(
            messages=[{"role": "user", "content": "Write a persona of Carla in one sentence."}],
            temperature=temperature,
            seed=7,
            max_tokens=30,
        )
        rows.append({"temperature": temperature, "answer": reply.text})

display(rows)
