# The model of this page answers a question.
from pywebllm import AsyncWebLLM

async with AsyncWebLLM() as llm:
    reply = await llm.chat.completions.create(
        messages=[{"role": "user", "content": "Write a persona of Ada."}],
        max_tokens=80,
    )
    print(reply.text)
    print(f"\n{reply.usage.completion_tokens} tokens")
