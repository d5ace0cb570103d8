"""Engines: models on the GPU, and requests to them; one engine, or a pool of several.

Pool ── Engine ┬─ Connection ── bridge
               ├─ ModelState: which model is loaded, and which operations are running
               └─ EngineStream: the chunks of one request, as WebLLM sends them

Import from the modules: this package exports nothing itself.
"""
