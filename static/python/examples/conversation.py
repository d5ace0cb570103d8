# Each turn sends the whole conversation; the model has read its beginning already.
from pywebllm import AsyncWebLLM

messages = []

async with AsyncWebLLM() as llm:
    for question in ("Write a persona of Ada, a pilot.", "Make it shorter."):
        messages.append({"role": "user", "content": question})
        reply = await llm.chat.completions.create(messages=messages, max_tokens=60)
        messages.append({"role": "assistant", "content": reply.text})
        print(f"> {question}\n{reply.text}\n")
