# /// script
# dependencies = ["pydantic-ai-slim", "openai>=3"]
# ///
# An agent of pydantic-ai whose answer is typed.
from typing import Literal

from pydantic import BaseModel, Field
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from pywebllm.openai import AsyncOpenAI


class Mood(BaseModel):
    mood: Literal["calm", "cheerful", "tired"]
    strength: int = Field(ge=1, le=3)


async with AsyncOpenAI() as client:
    model = OpenAIChatModel(
        "pywebllm-persona-q4f32_1", provider=OpenAIProvider(openai_client=client)
    )
    agent = Agent(model, output_type=NativeOutput(Mood), model_settings={"max_tokens": 60})
    result = await agent.run("Ada plays chess on Sundays. How does she feel?")
    print(result.output)
