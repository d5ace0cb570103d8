"""Kernels for real GPUs, which have many threads and fast barriers and workgroup memory.

On SwiftShader, those of the folder above are several times as fast.
"""
