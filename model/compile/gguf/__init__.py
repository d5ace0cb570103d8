"""Reading a GGUF file, the format of llama.cpp, as a checkpoint in the format of `transformers`.

The package `gguf` parses the file. `metadata` reads its keys, `network` turns them into a
`config.json`, `tokenizer` into a `tokenizer.json` and `tokenizer_config.json`, `weights` reads the
tensors, and `folder` writes all but the weights into a folder.
"""
