"""Custom records by the IDs by which requests name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pywebllm import wire
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.echo import shown
from pywebllm.errors import InvalidRequestError
from pywebllm.records import ModelRecord

__all__ = ["records_by_id"]


def records_by_id(
    records: Iterable[ModelRecord | Mapping[str, Any]],
) -> dict[str, ModelRecord]:
    """Return the records by their IDs.

    Raises:
        InvalidRequestError: One is not a record, or two models have the same ID.
    """
    found: dict[str, ModelRecord] = {}
    for given in records:
        record = wire.read_model(given)
        if not isinstance(record, ModelRecord):
            raise InvalidRequestError(
                f"records must contain only model records, got {shown(given)}"
            )
        if found.get(record.model_id, record) != record or record.model_id == BUILTIN_MODEL:
            raise InvalidRequestError(f"two models have the id {shown(record.model_id)}")
        found[record.model_id] = record
    return found
