"""The files that the wheel carries; a checkout carries none."""

from __future__ import annotations

import pytest
from pywebllm.assets import model_files, read_asset
from pywebllm.errors import AssetsError


@pytest.mark.parametrize("name", ["webllm_bridge.js", "webllm.js", "../service.py/x"])
def test_a_file_that_is_not_carried_is_named_with_what_to_do(name: str) -> None:
    with pytest.raises(AssetsError, match=f"carries no {name}. Install the wheel"):
        read_asset(name)


def test_a_missing_model_is_a_clear_error() -> None:
    with pytest.raises(AssetsError, match="carries no model"):
        model_files()
