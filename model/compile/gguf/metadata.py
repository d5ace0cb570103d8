"""The keys of a GGUF file, with errors that name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf

from model.compile.errors import CheckpointError

__all__ = ["Metadata"]


class Metadata:
    """A GGUF file: its keys by name, and its tensors."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            CheckpointError: It cannot be read, or is not a GGUF file.
        """
        try:
            self._reader: Any = gguf.GGUFReader(path)
        except (OSError, ValueError, IndexError, KeyError) as error:
            raise CheckpointError(
                f"{path} cannot be read as a GGUF file: {error}. Download or copy it again."
            ) from error
        self.path = path
        self.architecture = str(self.require("general.architecture"))

    @property
    def tensors(self) -> list[Any]:
        """The tensors of the file, not yet read."""
        return list(self._reader.tensors)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, or `default` if the file has no such key."""
        field = self._reader.fields.get(key)
        return default if field is None else field.contents()

    def require(self, key: str) -> Any:
        """Return the value of a key.

        Raises:
            CheckpointError: The file has no such key.
        """
        found = self.get(key)
        if found is None:
            raise CheckpointError(
                f"{self.path} must have the key {key}. Convert the model again with llama.cpp's "
                "convert_hf_to_gguf.py."
            )
        return found

    def size(self, key: str, default: Any = None) -> Any:
        """Return a key of this architecture, such as `block_count`."""
        return self.get(f"{self.architecture}.{key}", default)

    def required_size(self, key: str) -> Any:
        """Return a key of this architecture.

        Raises:
            CheckpointError: The file has no such key.
        """
        return self.require(f"{self.architecture}.{key}")

    def has_tensor(self, name: str) -> bool:
        """Return whether the file has a tensor of this name."""
        return any(tensor.name == name for tensor in self._reader.tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor, outputs first.

        Raises:
            CheckpointError: The file has no such tensor.
        """
        for tensor in self._reader.tensors:
            if tensor.name == name:
                return tuple(int(size) for size in reversed(tensor.shape))
        raise CheckpointError(f"{self.path} must have the tensor {name}. Download it again.")
