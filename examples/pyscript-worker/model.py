"""Python in a worker; the page calls what `__export__` names."""

from pywebllm import AsyncWebLLM

llm = AsyncWebLLM()


async def write(prompt):
    """Return the model's answer."""
    ask = {"role": "user", "content": prompt}
    reply = await llm.chat.completions.create(messages=[ask])
    return reply.text


__export__ = ["write"]
