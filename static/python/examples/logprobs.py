# How sure the model is of each piece of text that it writes.
import math

from pywebllm import AsyncWebLLM

async with AsyncWebLLM() as llm:
    reply = await llm.chat.completions.create(
        messages=[{"role": "user", "content": "Write a persona of Dora in one sentence."}],
        logprobs=True,
        top_logprobs=2,
        temperature=0,
        max_tokens=12,
    )

display(
    [
        {
            "token": repr(token.token),
            "sure": f"{math.exp(token.logprob):.0%}",
            "or else": ", ".join(repr(other.token) for other in token.top_logprobs[1:]),
        }
        for token in reply.choices[0].logprobs.content
    ]
)
