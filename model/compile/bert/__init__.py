"""Compiling a BERT that turns texts into vectors, for `embeddings`.

`shape` reads its sizes, `weights` its parameters, `network` builds the library, `reference`
computes the same in PyTorch, and `build` writes the folder that WebLLM loads.
"""
