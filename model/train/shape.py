"""The sizes of the network, and reading and writing them as a Hugging Face `config.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from model.tools import RecipeError

__all__ = ["FULL", "SMOKE", "Shape"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of a Llama network; the field names are those of Hugging Face."""

    hidden_size: int = 256
    num_hidden_layers: int = 8
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    intermediate_size: int = 768
    vocab_size: int = 4096
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    max_position_embeddings: int = 1024

    @property
    def parameters(self) -> int:
        """The number of parameters."""
        heads = self.num_attention_heads + self.num_key_value_heads
        attention = 2 * heads * self.head_dim * self.hidden_size
        layer = attention + 3 * self.hidden_size * self.intermediate_size + 2 * self.hidden_size
        return (self.vocab_size + 1) * self.hidden_size + self.num_hidden_layers * layer

    @property
    def config(self) -> dict[str, Any]:
        """The contents of config.json for LlamaForCausalLM of transformers."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            **asdict(self),
            "rope_parameters": {"rope_type": "default", "rope_theta": self.rope_theta},
            "tie_word_embeddings": True,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "pad_token_id": 0,
            "dtype": "float32",
        }

    def save(self, folder: Path) -> None:
        """Write config.json."""
        (folder / "config.json").write_text(json.dumps(self.config, indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Shape:
        """Read config.json of a folder.

        Raises:
            RecipeError: The file is missing, or describes another kind of network.
        """
        file = folder / "config.json"
        if not file.is_file():
            raise RecipeError(f"{folder} has no config.json. Pass the folder of a trained model.")
        config: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if config.get("model_type") != "llama" or not config.get("tie_word_embeddings"):
            raise RecipeError(
                f"{file} must describe a Llama network with tied embeddings. Pass a folder that "
                "`python -m model train` wrote."
            )
        return cls(**{name: config[name] for name in cls.__dataclass_fields__})


FULL = Shape()
SMOKE = Shape(
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    head_dim=32,
    intermediate_size=128,
    vocab_size=1024,
)
