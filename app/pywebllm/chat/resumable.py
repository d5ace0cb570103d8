"""WebLLM's settings of resumable answers, which the browser stores while they are written."""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.request.checks import (
    Check,
    boolean,
    check_keys,
    integer,
    mapping,
    nonempty_string,
    one_of,
    refuse,
)

__all__ = ["read_resumable"]

# WebLLM's name of each setting, which is accepted as well, and its check.
_SETTINGS: Mapping[str, tuple[str, Check]] = {
    "enabled": ("enabled", boolean),
    "background": ("background", boolean),  # the bridge's, for shared engines
    "session_id": ("sessionId", nonempty_string),
    "checkpoint_interval_tokens": ("checkpointIntervalTokens", integer(1)),
    "checkpoint_prompt": ("checkpointPrompt", boolean),
    "durability_mode": ("durabilityMode", one_of("exact", "relaxed")),
    "strict_persistence": ("strictPersistence", boolean),
    "store_checkpoint_logits": ("storeCheckpointLogits", boolean),
}
_NAMES = {webllm: name for name, (webllm, _) in _SETTINGS.items()}


def read_resumable(path: str, value: object) -> dict[str, object] | None:
    """Return WebLLM's settings for a resumable answer; None for an answer that is not resumable.

    `value` is a boolean or a mapping of WebLLM's settings, with names in snake_case or as WebLLM
    spells them. A mapping makes the answer resumable unless it has `enabled=False`.

    With any settings, an answer whose beginning cannot be stored is an `InvalidRequestError`: the
    bridge makes it one, where WebLLM would only log it. `strict_persistence` applies after that,
    if the disk is full or the visitor clears this site's data: by default the answer continues
    and less of it is stored; with True it ends with an error. `background` lets a shared engine
    write the answer to its end though its page is gone.

    Raises:
        InvalidRequestError: It is neither, or a setting is unknown or out of range.
    """
    if isinstance(value, bool):
        return {"enabled": True} if value else None
    given = mapping(path, value, "a boolean or a mapping")
    check_keys(path, given, (*_SETTINGS, *_NAMES))
    settings: dict[str, object] = {"enabled": True}
    seen: set[str] = set()
    for key, item in given.items():
        name = _NAMES.get(key, key)
        webllm, check = _SETTINGS[name]
        if name in seen:
            refuse(f"{path}.{key}", f"is given twice, as {name} and as {webllm}")
        seen.add(name)
        settings[webllm] = check(f"{path}.{key}", item)
    return settings if settings["enabled"] else None
