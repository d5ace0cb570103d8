"""Headless Chromium and local servers: what the recipe, the benchmarks and the tests share.

- `processes`: a process that ends with its block;
- `chromium`: where Chromium is, and the flags that give it WebGPU without a GPU;
- `server`: an HTTP server in this process; `site`: `serve.py` in a separate process;
- `page`: a page next to a model's files, and an empty page of the served site;
- `python`: Pyodide in a page, with the wheel installed; `pyodide_wheels`: packages for it.
"""
