"""A request of the embeddings endpoint, checked, and the vectors that the engine returns for it.

`PARAMETERS` lists all parameters. Names and meaning are those of the OpenAI reference, "Create
embeddings".
"""

from __future__ import annotations

import math
import re
import struct
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, cast

from . import codec
from .engine.streams import Runner
from .errors import EngineError
from .records import Model
from .request.checks import integer, items, nonempty_string, one_of, refuse, refuse_value
from .request.common import REQUEST
from .request.table import Table, honored, read_parameters
from .types import CreateEmbeddingResponse, Embedding

__all__ = ["PARAMETERS", "EmbeddingCall", "embed", "read_embedding_call"]

_INPUT = "a string, a list of strings, a list of token IDs or a list of such lists"
_INPUT_ITEM = "a string, a token ID or a list of token IDs"

_token = integer(0)

# Models whose first numbers are a vector of their own, as Matryoshka representation learning trains
# them (https://arxiv.org/abs/2205.13147): their model cards say so.
_MATRYOSHKA = re.compile(
    r"arctic-embed-(?:m-v1\.5|[ml]-v2)|nomic-embed-text-v(?:1\.5|2)|mxbai-embed-(?:large|2d)"
    r"|qwen3-embedding|embeddinggemma|jina-embeddings-v[34]",
    re.IGNORECASE,
)


def _input(path: str, value: object) -> object:
    if isinstance(value, str):
        return nonempty_string(path, value)
    found = items(path, value, _INPUT)
    if not found:
        refuse_value(path, _INPUT, found, why="a list must not be empty")
    if isinstance(found[0], str):
        return [nonempty_string(f"{path}[{i}]", item) for i, item in enumerate(found)]
    if isinstance(found[0], int):
        return _tokens(path, found)
    # The first item determines the type of the others.
    return [
        _tokens(f"{path}[{i}]", item, "a list of token IDs" if i else _INPUT_ITEM)
        for i, item in enumerate(found)
    ]


def _tokens(path: str, value: object, expected: str = "a list of token IDs") -> list[int]:
    found = items(path, value, expected)
    if not found:
        refuse_value(path, "a non-empty list of token IDs", found)
    return [_token(f"{path}[{i}]", item) for i, item in enumerate(found)]


PARAMETERS: Table = MappingProxyType(
    {
        **REQUEST,
        "input": honored(_input),
        "encoding_format": honored(one_of("float", "base64")),
        "dimensions": honored(integer(1)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingCall:
    """A checked embeddings request: what the engine gets, and how to encode its vectors.

    Attributes:
        body: WebLLM's request, without `model`.
        model: The model that the request names; None for the default model.
        encoding: `float`, or `base64` for a string of little-endian 32-bit floats.
        dimensions: The length of the vectors; None for that of the model.
    """

    body: Mapping[str, object]
    model: Model
    encoding: Literal["float", "base64"]
    dimensions: int | None = None


def read_embedding_call(body: Mapping[str, object]) -> EmbeddingCall:
    """Check the body of an embeddings request, which has the shape of the reference's JSON.

    Raises:
        InvalidRequestError: A parameter is unknown, out of range or not supported; `param` is
            its path.
    """
    values = read_parameters(body, PARAMETERS)
    if "input" not in values:
        refuse("input", f"is missing: it must be {_INPUT}")
    return EmbeddingCall(
        body={"input": values["input"]},
        model=cast("Model", values.get("model")),
        encoding=cast("Literal['float', 'base64']", values.get("encoding_format", "float")),
        dimensions=cast("int | None", values.get("dimensions")),
    )


async def embed(
    runner: Runner, call: EmbeddingCall
) -> CreateEmbeddingResponse[tuple[float, ...] | str]:
    """Return the vectors, in the order of the inputs.

    On cancellation the work stops, and the engine is free for the next request.

    Raises:
        WebLLMError: The model could not be loaded, does not support embeddings, or failed.
    """
    stream = runner.stream("embeddings", call.body, model=call.model)
    try:
        found = await stream.__anext__()
    except StopAsyncIteration:
        raise EngineError("the engine returned no embeddings") from None
    finally:
        stream.close()
    response = codec.read_embeddings(found)
    if call.dimensions is not None:
        data = tuple(_cut(item, call.dimensions, response.model) for item in response.data)
        response = replace(response, data=data)
    if call.encoding == "float":
        return response
    encoded = tuple(_in_base64(item) for item in response.data)
    return CreateEmbeddingResponse(data=encoded, model=response.model, usage=response.usage)


def _cut(
    item: Embedding[tuple[float, ...]], length: int, model: str
) -> Embedding[tuple[float, ...]]:
    whole = item.embedding
    if length == len(whole):
        return item
    if length > len(whole) or not _MATRYOSHKA.search(model):
        why = "the model is not trained for shorter vectors" if length < len(whole) else ""
        refuse_value("dimensions", f"{len(whole)} for {model}", length, why=why)
    part = whole[:length]
    norm = math.hypot(*part) or 1.0
    return replace(item, embedding=tuple(number / norm for number in part))


def _in_base64(item: Embedding[tuple[float, ...]]) -> Embedding[str]:
    packed = struct.pack(f"<{len(item.embedding)}f", *item.embedding)
    return Embedding(embedding=b64encode(packed).decode("ascii"), index=item.index)
