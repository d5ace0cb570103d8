# Search by meaning: the texts become vectors, and so does the question.
# This needs another model, made for it (about 70 MB, fetched from huggingface.co at the first run).
from pywebllm import AsyncWebLLM

MODEL = "snowflake-arctic-embed-s-q0f32-MLC-b4"

TEXTS = [
    "The bakery opens at six in the morning.",
    "Ada repairs bicycles in her garage.",
    "The last train to Leeds leaves at eleven.",
    "Our cat sleeps on the warm radiator.",
]

QUESTION = "When can I buy bread?"


def likeness(a, b):
    """Return the cosine of the angle between two vectors."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


async with AsyncWebLLM() as llm:
    found = await llm.embeddings.create(model=MODEL, input=[*TEXTS, QUESTION])

*texts, question = [item.embedding for item in found.data]
rows = [
    {"likeness": likeness(vector, question), "text": text}
    for vector, text in zip(texts, TEXTS, strict=True)
]
display(sorted(rows, key=lambda row: -row["likeness"]))
