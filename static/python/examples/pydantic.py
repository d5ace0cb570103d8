# /// script
# dependencies = ["pydantic"]
# ///
# The same with pydantic, whose limits hold while the model writes.
from typing import Annotated

from pydantic import BaseModel, Field

from pywebllm import AsyncWebLLM


class Person(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=30)]
    age: Annotated[int, Field(ge=18, le=99)]
    interests: Annotated[list[str], Field(min_length=1, max_length=3)]


async with AsyncWebLLM() as llm:
    reply = await llm.chat.completions.parse(
        messages=[{"role": "user", "content": "Invent a person."}],
        response_format=Person,
        max_tokens=150,
        seed=2,
    )
    print(reply.parsed.model_dump_json(indent=2))
