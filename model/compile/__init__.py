"""Compile a Llama in Hugging Face format to the folder that WebLLM 0.2.86 loads.

    python -m model build PATH         compile the checkpoint in PATH
    python -m model verify PATH DIR    compare the result with PyTorch, in a real browser

In reading order: `checkpoint`, `weights`, `config`, `architecture`, `rope` and `tokenizer` (the
input), `quantize` and `parameters` (how weights are packed), `kernels`, `graph`, `network`, `cache`
and `sampling` (the computation), `library`, `linker` and `runtime` (the .wasm), `template`,
`variables`, `prompts` and `conversation` (how chats become prompts), `settings` (the configuration
that WebLLM reads), `build` (all steps in order), `arguments` and `command` (the command line),
`verify` (the comparison with PyTorch), `errors`.
"""
