"""A Llama network in plain PyTorch.

RMSNorm, rotary positions (rotate-half, as in Hugging Face), grouped-query attention, SwiGLU, tied
embeddings. Parameter names are those of Hugging Face's LlamaForCausalLM, so a state dictionary
needs no conversion. Every weight matrix is read `through_quantization`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.train.attention import Mask, attend
from model.train.quantize import through_quantization
from model.train.shape import Shape

__all__ = ["Llama"]


class Linear(nn.Module):
    """A linear layer without bias; the weight is [outputs, inputs]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))

    def forward(self, x: Tensor, share: Tensor) -> Tensor:
        return functional.linear(x, through_quantization(self.weight, share))


class RMSNorm(nn.Module):
    """Divides by the root mean square over the last dimension, in float32."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self._eps = eps

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self._eps)
        return (self.weight * (wide * scale)).to(x.dtype)


class Attention(nn.Module):
    """Causal attention in which several query heads share a key and value head."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._heads, self._kv = shape.num_attention_heads, shape.num_key_value_heads
        self._dim = shape.head_dim
        self.q_proj = Linear(shape.hidden_size, self._heads * self._dim)
        self.k_proj = Linear(shape.hidden_size, self._kv * self._dim)
        self.v_proj = Linear(shape.hidden_size, self._kv * self._dim)
        self.o_proj = Linear(self._heads * self._dim, shape.hidden_size)

    def forward(
        self, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Mask, share: Tensor
    ) -> Tensor:
        q = _rotated(self._split(self.q_proj(x, share), self._heads), rotary)
        k = _rotated(self._split(self.k_proj(x, share), self._kv), rotary)
        v = self._split(self.v_proj(x, share), self._kv)
        group = self._heads // self._kv
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        mixed = attend(q, k, v.to(q.dtype), mask)
        return self.o_proj(mixed.transpose(1, 2).flatten(2), share)

    def _split(self, x: Tensor, heads: int) -> Tensor:
        return x.unflatten(-1, (heads, self._dim)).transpose(1, 2)


class MLP(nn.Module):
    """A SwiGLU feed-forward layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = Linear(shape.hidden_size, shape.intermediate_size)
        self.up_proj = Linear(shape.hidden_size, shape.intermediate_size)
        self.down_proj = Linear(shape.intermediate_size, shape.hidden_size)

    def forward(self, x: Tensor, share: Tensor) -> Tensor:
        gate = functional.silu(self.gate_proj(x, share))
        return self.down_proj(gate * self.up_proj(x, share), share)


class Layer(nn.Module):
    """Attention, then the feed-forward layer, each with a residual connection."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)
        self.mlp = MLP(shape)

    def forward(
        self, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Mask, share: Tensor
    ) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), rotary, mask, share)
        return x + self.mlp(self.post_attention_layernorm(x), share)


class _Body(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = Linear(shape.hidden_size, shape.vocab_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = RMSNorm(shape.hidden_size, shape.rms_norm_eps)


class Llama(nn.Module):
    """The whole network: token ids [batch, length] in, logits [batch, length, vocabulary] out.

    The built-in model is `tied`: the embedding is also the output matrix.
    """

    def __init__(self, shape: Shape, *, tied: bool = True) -> None:
        super().__init__()
        self.shape = shape
        self.model = _Body(shape)
        self.lm_head = None if tied else Linear(shape.hidden_size, shape.vocab_size)
        self._initialize()

    def forward(self, ids: Tensor, *, mask: Mask = None, share: Tensor | None = None) -> Tensor:
        """Return the logits.

        `mask` separates packed documents; without it, each token attends to all earlier ones.
        `share` is how far weights are moved toward their 4-bit form, 0 to 1.
        """
        if share is None:
            share = torch.zeros((), device=ids.device)
        table = through_quantization(self.model.embed_tokens.weight, share)
        x = functional.embedding(ids, table)
        rotary = _rotary(self.shape, ids.shape[1], ids.device)
        for layer in self.model.layers:
            x = layer(x, rotary, mask, share)
        x = self.model.norm(x)
        return functional.linear(x, table) if self.lm_head is None else self.lm_head(x, share)

    def _initialize(self) -> None:
        # Weights that write to the residual stream start smaller for more layers, which add up.
        residual_std = 0.02 / (2 * self.shape.num_hidden_layers) ** 0.5
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                is_residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=residual_std if is_residual else 0.02)


def _rotary(shape: Shape, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    half = torch.arange(0, shape.head_dim, 2, device=device).float() / shape.head_dim
    angles = torch.outer(torch.arange(length, device=device).float(), shape.rope_theta**-half)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def _rotated(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = rotary
    left, right = x.chunk(2, dim=-1)
    return (x * cos + torch.cat((-right, left), dim=-1) * sin).to(x.dtype)
