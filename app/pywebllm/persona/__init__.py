"""Personas from a form: the wording of the prompt, the typed persona, and the service."""

from __future__ import annotations

from .persona import Persona
from .service import WebLLMService

__all__ = ["Persona", "WebLLMService"]
