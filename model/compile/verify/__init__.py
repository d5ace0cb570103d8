"""Check that the compiled model computes in a real browser what PyTorch computes.

    python -m model verify PATH DIR

Loads the folder with the real WebLLM in headless Chromium on its software GPU, and compares it with
`transformers` on exactly the tokens that WebLLM fed to the network. Modules: `engine` (WebLLM in a
page), `probe.js` (what runs in the page), `conversation` (the messages and their tokens),
`logits`, `sampling` and `embeddings` (the comparisons).
"""
