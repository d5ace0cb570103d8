"""Does the compiled model compute in a real browser what PyTorch computes?

    python -m model verify PATH DIR

Opens the folder with the real WebLLM in headless Chromium on its software GPU, and compares with
`transformers` on the very tokens that WebLLM fed. Modules: `browser` (the page), `probe.js` (what
runs in it), `conversation` (what is said and fed), `reference` (PyTorch), `logits` and `sampling`
(the comparisons).
"""
