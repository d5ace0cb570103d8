"""A model that is named without its build: which of the builds in WebLLM's list is meant.

    Llama-3.2-1B-Instruct  →  Llama-3.2-1B-Instruct-q4f16_1-MLC, or …-q4f32_1-MLC without shader-f16

The builds of a model differ in quantization (`q4`), the type of numbers (`f16`, `f32`) and limits
such as a smaller context window (`-1k`). The list is read when a model was not found.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from pywebllm import codec
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.echo import shown
from pywebllm.errors import DisposedError, ModelNotFoundError, WebLLMError
from pywebllm.records import ModelRecord
from pywebllm.request.checks import closest
from pywebllm.types import ModelInfo

__all__ = ["Variants", "choose_variant"]

_BUILD = re.compile(r"-(q\d+f\d+(?:_\d+)?)(?=-|$)", re.IGNORECASE)
# The first that can run is taken: the smallest that answers well, and of the same size the faster.
_PREFERRED = ("q4f16_1", "q4f32_1", "q3f16_1", "q0f16", "q0f32")

_log = logging.getLogger("pywebllm")


class Variants:
    """The builds that were chosen for names without one."""

    def __init__(self) -> None:
        self._chosen: dict[str, str] = {}

    def known(self, model: str | ModelRecord | None) -> str | ModelRecord | None:
        """Return the build that was chosen for a name, else the model."""
        return self._chosen.get(model, model) if isinstance(model, str) else model

    async def find(
        self,
        model: str | ModelRecord | None,
        error: ModelNotFoundError,
        *,
        query: Callable[[Mapping[str, object]], Awaitable[Any]],
        known: Iterable[str],
    ) -> str:
        """Return the build that is meant by the name of a model that was not found.

        Cancelled, nothing is left open.

        Args:
            model: The model.
            error: How it was not found.
            query: Asks the engine for WebLLM's list.
            known: The IDs of further models, for an advice.

        Raises:
            ModelNotFoundError: No build is meant; the advice has the most similar name.
            DisposedError: The engine was disposed meanwhile.
        """
        if not isinstance(model, str):
            raise error
        try:
            models = codec.read_models(await query({"kind": "models"}))
        except DisposedError:
            raise
        except WebLLMError:
            raise error from None
        chosen = choose_variant(model, models)
        if chosen is None:
            raise _unknown(model, [*known, *(it.id for it in models)]) from error
        lacking = sorted({name for it in models for name in it.lacking})
        why = f"; this GPU lacks {', '.join(lacking)}" if lacking else ""
        _log.info("the model %s is %s%s", model, chosen.id, why)
        self._chosen[model] = chosen.id
        return chosen.id


def choose_variant(name: str, models: Sequence[ModelInfo]) -> ModelInfo | None:
    """Return the build of a model that this machine can run; the best one if it can run none.

    None if there is no build of that name.

    Args:
        name: The name without a build; case does not matter.
        models: The models of WebLLM's list.
    """
    builds = [model for model in models if name.casefold() in _names(model.id)]
    return min(builds, key=_rank, default=None)


def _names(model: str) -> tuple[str, str]:
    return model.casefold(), _base(model).casefold()


def _unknown(name: str, known: Iterable[str]) -> ModelNotFoundError:
    ids = list(known)
    near = closest(name, sorted({BUILTIN_MODEL, *ids, *map(_base, ids)})).strip()
    advice = f"{near} `await llm.models.list()` returns all." if near else None
    return ModelNotFoundError(f"there is no model {shown(name)}", advice=advice)


def _base(model: str) -> str:
    found = _BUILD.search(model)
    return model if found is None else model[: found.start()]


def _rank(model: ModelInfo) -> tuple[bool, int, int]:
    found = _BUILD.search(model.id)
    build = "" if found is None else found[1].lower()
    place = _PREFERRED.index(build) if build in _PREFERRED else len(_PREFERRED)
    # Longer IDs are of smaller context windows or batches.
    return model.runnable is False, place, len(model.id)
