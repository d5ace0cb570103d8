"""WebLLM's resumable answers: which are kept in the browser while they are written, and how."""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.request.checks import Check, check_keys, flag, integer, mapping, one_of, refuse, text

__all__ = ["read_resumable"]

_PATH = "resumable"


def _session_id(path: str, value: object) -> str:
    found = text(path, value)
    if not found:
        refuse(path, "is a text that is not empty; leave it out to be given one")
    return found


# WebLLM's name of each setting, and its check. They may be given by these names, too.
_SETTINGS: Mapping[str, tuple[str, Check]] = {
    "enabled": ("enabled", flag),
    "session_id": ("sessionId", _session_id),
    "checkpoint_interval_tokens": ("checkpointIntervalTokens", integer(1)),
    "checkpoint_prompt": ("checkpointPrompt", flag),
    "durability_mode": ("durabilityMode", one_of("exact", "relaxed")),
    "strict_persistence": ("strictPersistence", flag),
    "store_checkpoint_logits": ("storeCheckpointLogits", flag),
}
_NAMES = {webllm: name for name, (webllm, _) in _SETTINGS.items()}


def read_resumable(value: object) -> dict[str, object] | None:
    """Return WebLLM's settings for a resumable answer; None for one that is not.

    `value` is True, False, None, or a mapping of WebLLM's settings, with names in snake_case or
    as WebLLM spells them; a mapping asks for it unless it says `enabled=False`.

    Whatever they are, an answer whose beginning cannot be kept is an `InvalidRequestError`: the
    bridge sees to that, where WebLLM would only log it. `strict_persistence` decides about what
    comes later, when the disk is full or the visitor clears this site's data: by default the
    answer goes on and what is kept of it is shorter; with True it ends with an error.

    Raises:
        InvalidRequestError: It is none of these, or a setting is unknown or out of its range.
    """
    if value is None or isinstance(value, bool):
        return {"enabled": True} if value else None
    given = mapping(_PATH, value)
    check_keys(_PATH, given, (*_SETTINGS, *_NAMES))
    settings: dict[str, object] = {"enabled": True}
    seen: set[str] = set()
    for key, item in given.items():
        name = _NAMES.get(key, key)
        if name in seen:
            refuse(f"{_PATH}.{key}", "is given by both its names")
        seen.add(name)
        webllm, check = _SETTINGS[name]
        settings[webllm] = check(f"{_PATH}.{key}", item)
    return settings if settings["enabled"] else None
