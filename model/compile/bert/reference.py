"""The same vectors in PyTorch, computed by `transformers`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import BertConfig, BertModel

from model.compile.bert.shape import BertShape
from model.compile.tokenizer import read_json

__all__ = ["BertReference"]

Floats = npt.NDArray[np.float32]


class BertReference:
    """A BERT with the given weights, in float32 on the CPU."""

    def __init__(self, folder: Path, shape: BertShape, weights: dict[str, Floats]) -> None:
        config = BertConfig(**read_json(folder / "config.json"))
        self._shape = shape
        self._model: Any = BertModel(config, add_pooling_layer=False).eval()
        tensors = {name: torch.from_numpy(np.array(weight)) for name, weight in weights.items()}
        missing, _ = self._model.load_state_dict(tensors, strict=False)
        assert not missing, missing

    def vector(self, tokens: list[int]) -> Floats:
        """Return the unit vector of a text, whose tokens exclude `[CLS]` and `[SEP]`."""
        framed = torch.tensor([[self._shape.start, *tokens, self._shape.end]])
        with torch.no_grad():
            mean = self._model(framed).last_hidden_state[0].mean(0)
        found: Floats = torch.nn.functional.normalize(mean, dim=0).numpy()
        return found
