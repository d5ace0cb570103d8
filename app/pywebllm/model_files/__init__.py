"""The files of models in the browser's storage: listed, downloaded, checked, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

if TYPE_CHECKING:
    from .operations import cached, delete, delete_all, download, persist, storage, verify

__all__ = ["cached", "delete", "delete_all", "download", "persist", "storage", "verify"]

# A first chat does not need them.
__getattr__ = lazy_attributes(
    __name__,
    {
        "cached": ".operations",
        "delete": ".operations",
        "delete_all": ".operations",
        "download": ".operations",
        "persist": ".operations",
        "storage": ".operations",
        "verify": ".operations",
    },
)
