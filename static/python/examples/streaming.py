# The text appears while the model writes it.
from pywebllm import AsyncWebLLM

async with AsyncWebLLM() as llm:
    stream = await llm.chat.completions.create(
        messages=[
            {"role": "user", "content": "Write a persona of Bruno, a baker who loves chess."}
        ],
        max_tokens=100,
        stream=True,
    )
    async for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
