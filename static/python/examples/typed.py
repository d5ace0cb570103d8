# The answer is an object of your class: the model can write nothing else.
from dataclasses import dataclass
from typing import Literal

from pywebllm import AsyncWebLLM


@dataclass
class Animal:
    name: str
    kind: Literal["cat", "dog", "parrot"]
    age: int


async with AsyncWebLLM() as llm:
    reply = await llm.chat.completions.parse(
        messages=[{"role": "user", "content": "Invent a pet."}],
        response_format=Animal,
        max_tokens=80,
        seed=3,
    )
    pet = reply.parsed
    print(f"{pet.name} is a {pet.kind} of {pet.age} years.")
    display([pet])
