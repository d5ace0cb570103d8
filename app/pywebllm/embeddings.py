"""Embeddings: a request of OpenAI's, checked, and the vectors that the engine gives for it.

`PARAMETERS` is the whole list of what a request may hold, by the names of the OpenAI reference,
"Create embeddings".
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, cast

from . import codec
from .engine.streams import Runner
from .errors import EngineError
from .records import Model
from .request.checks import integer, items, one_of, refuse
from .request.common import REQUEST
from .request.table import Parameter, Table, honored, read_parameters
from .types import CreateEmbeddingResponse, Embedding

__all__ = ["PARAMETERS", "EmbeddingCall", "embed", "read_embedding_call"]

_token = integer(0)


def _input(path: str, value: object) -> object:
    if isinstance(value, str):
        return _text(path, value)
    found = items(path, value)
    if not found:
        refuse(path, "is a text, or a list of texts or of ids of tokens; it may not be empty")
    if isinstance(found[0], str):
        return [_text(f"{path}[{i}]", item) for i, item in enumerate(found)]
    if isinstance(found[0], int):
        return _tokens(path, found)
    return [_tokens(f"{path}[{i}]", item) for i, item in enumerate(found)]


def _text(path: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        refuse(path, f"is a text that is not empty, got {value!r}")
    return value


def _tokens(path: str, value: object) -> list[int]:
    found = items(path, value)
    if not found:
        refuse(path, "is a list of ids of tokens; it may not be empty")
    return [_token(f"{path}[{i}]", item) for i, item in enumerate(found)]


def _dimensions(path: str, value: object) -> object:
    del value
    refuse(path, "cannot be honoured: the length of a vector is the model's own")


PARAMETERS: Table = MappingProxyType(
    {
        **REQUEST,
        "input": honored(_input),
        "encoding_format": honored(one_of("float", "base64")),
        "dimensions": Parameter("refused", _dimensions, "the length is the model's own"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingCall:
    """A checked request: what the engine gets, and how its vectors are given back.

    Attributes:
        body: WebLLM's request, without `model`.
        model: What the request named; None for the default model.
        encoding: `base64` for text of little-endian 32-bit floats.
    """

    body: Mapping[str, object]
    model: Model
    encoding: Literal["float", "base64"]


def read_embedding_call(body: Mapping[str, object]) -> EmbeddingCall:
    """Check the body of a request for embeddings, JSON-shaped, and return what to do for it.

    Raises:
        InvalidRequestError: Something is unknown, out of its range, or cannot be honoured;
            `param` says where.
    """
    values = read_parameters(body, PARAMETERS)
    if "input" not in values:
        refuse("input", "is missing: it is a text, or a list of texts or of ids of tokens")
    return EmbeddingCall(
        body={"input": values["input"]},
        model=cast("Model", values.get("model")),
        encoding=cast("Literal['float', 'base64']", values.get("encoding_format", "float")),
    )


async def embed(
    runner: Runner, call: EmbeddingCall
) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
    """Return the vectors, in the order of the inputs.

    Cancelled, the work stops and the engine is free for the next request.

    Raises:
        WebLLMError: The model could not be loaded, makes no embeddings, or failed.
    """
    stream = runner.stream("embeddings", call.body, model=call.model)
    try:
        found = await stream.__anext__()
    except StopAsyncIteration:
        raise EngineError("the engine gave no embeddings") from None
    finally:
        stream.close()
    response = codec.read_embeddings(found)
    if call.encoding == "float":
        return response
    data = tuple(_in_base64(item) for item in response.data)
    return CreateEmbeddingResponse(data=data, model=response.model, usage=response.usage)


def _in_base64(item: Embedding[tuple[float, ...]]) -> Embedding[str]:
    packed = struct.pack(f"<{len(item.embedding)}f", *item.embedding)
    return Embedding(embedding=b64encode(packed).decode("ascii"), index=item.index)
