# /// script
# dependencies = ["matplotlib"]
# ///
# How sure the model is of each piece of text, as a plot.
import math

import matplotlib.pyplot as plt

from pywebllm import AsyncWebLLM

async with AsyncWebLLM() as llm:
    reply = await llm.chat.completions.create(
        messages=[{"role": "user", "content": "Write a persona of Dora in one sentence."}],
        logprobs=True,
        max_tokens=16,
        seed=1,
    )

tokens = reply.choices[0].logprobs.content
plt.figure(figsize=(8, 3))
plt.bar(range(len(tokens)), [math.exp(token.logprob) for token in tokens])
plt.xticks(range(len(tokens)), [token.token.strip() or "␣" for token in tokens], rotation=45)
plt.ylabel("probability")
plt.tight_layout()
plt.show()
