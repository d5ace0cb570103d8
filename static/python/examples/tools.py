# The model may call your functions. A small model rarely knows when, so this program asks for a call.
from pywebllm import AsyncWebLLM


def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: The first number.
        b: The second number.
    """
    return a + b


async with AsyncWebLLM() as llm:
    reply = await llm.chat.completions.create(
        messages=[{"role": "user", "content": "What is 17 and 25 together?"}],
        tools=[add],
        tool_choice="required",
        max_tokens=60,
        seed=1,
    )
    for call in reply.choices[0].message.tool_calls:
        print("The model calls", call.function.name, "with", call.function.arguments)
