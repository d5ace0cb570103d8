"""The wording of the prompt, taken from the library, so that it exists once."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["clean_fields", "persona_messages"]

# From this tree, whatever else is installed.
sys.path.insert(0, str(Path(__file__).parents[2] / "app"))

from pywebllm.persona.prompt import clean_fields, persona_messages
