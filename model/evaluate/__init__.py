"""Check that the compiled model keeps its promises in the real engine, for unseen inputs.

    python -m model evaluate MODEL_DIR

Three steps, each of which can be run separately (`--only`): `cases` samples the requests, `replay`
sends them to the real WebLLM in a browser, and `judge` compares the answers with the promises.
`pack` writes a folder that any browser automation tool can replay.
"""
