"""Typed answers and tools: answers of a Python type, and Python functions called by a model."""
