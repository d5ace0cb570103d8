# What the persona page does: a persona from a few facts.
from pywebllm import WebLLMService

async with WebLLMService() as service:
    if not await service.initialize("example"):
        raise service.last_error
    print(await service.generate_persona({"name": "Ada", "age": "36", "tone": "warm"}))
