"""The files of the engine wllama, which pywebllm finds beside this module."""
