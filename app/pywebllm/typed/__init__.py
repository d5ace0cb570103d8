"""Typed answers and tools: answers of a Python type, and Python functions that a model calls."""
