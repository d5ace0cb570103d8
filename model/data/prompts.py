"""What the recipe shares with the library: the wording of the prompt, and the model's name."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["BUILTIN_MODEL", "BUILTIN_REVISION", "clean_fields", "persona_messages"]

# Imported from this source tree, even if another version of the library is installed.
sys.path.insert(0, str(Path(__file__).parents[2] / "app"))

from pywebllm.builtin import BUILTIN_MODEL, BUILTIN_REVISION
from pywebllm.persona.prompt import clean_fields, persona_messages
