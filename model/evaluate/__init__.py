"""Does the compiled model keep its promises in the real engine, to people it was not trained on?

    python -m model evaluate MODEL_DIR

Three steps, each of which can be run alone (`--only`): `cases` draws what is asked, `replay` has it
answered by the real WebLLM in a browser, and `judge` holds the answers against the promises.
`pack` writes a folder that any other driver of a browser can replay from.
"""
