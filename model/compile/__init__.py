"""From a Llama in Hugging Face form to the folder that WebLLM 0.2.86 loads.

    python -m model.compile HF_DIR OUT_DIR          compile
    python -m model.compile.verify HF_DIR OUT_DIR   compare with PyTorch, in a real browser

In reading order: `checkpoint` and `architecture` (what comes in), `quantize` and `parameters` (the
weights), `kernels`, `network`, `cache` and `sampling` (the computation), `library`, `linker` and
`runtime` (the .wasm), `settings` (what WebLLM reads first), `build` (all of it in order).
"""
