"""The content of a message: a string, or a list of parts, as WebLLM takes them."""

from __future__ import annotations

import re

from pywebllm.request.checks import (
    check_keys,
    items,
    mapping,
    one_of,
    refuse,
    refuse_value,
    shown,
    string,
)

__all__ = ["read_parts", "read_text"]

_IMAGE_URL = re.compile(r"data:image|https?://", re.IGNORECASE)
_UNSUPPORTED = {
    "file": "WebLLM does not read files; put their text into the message",
    "refusal": "a local model does not mark refusals; use a text part",
}


def read_text(path: str, value: object) -> str:
    """Return the text of a content: the string, or the text parts joined by line breaks."""
    if isinstance(value, str):
        return value
    parts = _parts(path, value, "a string or a list of text parts")
    return "\n".join(_text_part(part_path, part) for part_path, part in parts)


def read_parts(path: str, value: object) -> str | list[dict[str, object]]:
    """Return the content of a user's message: a string, or parts with at most one text part.

    WebLLM refuses a second text part, so all text is joined by line breaks in place of the first.
    """
    if isinstance(value, str):
        return value
    read: list[dict[str, object]] = []
    texts: list[str] = []
    for part_path, part in _parts(path, value, "a string or a list of parts"):
        if part.get("type") != "text":
            read.append(_media_part(part_path, part))
            continue
        if not texts:
            place = len(read)
        texts.append(_text_part(part_path, part))
    joined = "\n".join(texts)
    if not read:
        return joined
    if texts:
        read.insert(place, {"type": "text", "text": joined})
    return read


def _parts(path: str, value: object, expected: str) -> list[tuple[str, dict[str, object]]]:
    parts = items(path, value, expected)
    if not parts:
        refuse_value(path, "a string or a non-empty list of parts", parts)
    return [(f"{path}[{i}]", mapping(f"{path}[{i}]", part)) for i, part in enumerate(parts)]


def _text_part(path: str, part: dict[str, object]) -> str:
    _check_type(path, part, "text")
    # The last is for caches of other servers.
    check_keys(path, part, ("type", "text", "cache_control"))
    return string(f"{path}.text", part.get("text"))


def _media_part(path: str, part: dict[str, object]) -> dict[str, object]:
    kind = _check_type(path, part, "text", "image_url", "input_audio")
    check_keys(path, part, ("type", kind))
    content = mapping(f"{path}.{kind}", part.get(kind))
    if kind == "image_url":
        return {"type": kind, kind: _image(f"{path}.{kind}", content)}
    return {"type": kind, kind: _audio(f"{path}.{kind}", content)}


def _check_type(path: str, part: dict[str, object], *known: str) -> str:
    kind = part.get("type")
    if isinstance(kind, str) and kind in _UNSUPPORTED:
        refuse(f"{path}.type", f"cannot be {shown(kind)}: {_UNSUPPORTED[kind]}")
    return one_of(*known)(f"{path}.type", kind)


def _image(path: str, image: dict[str, object]) -> dict[str, object]:
    check_keys(path, image, ("url", "detail"))
    # WebLLM 0.2.86 refuses the key with any value; `auto` is what it does without.
    if image.get("detail", "auto") != "auto":
        refuse_value(f"{path}.detail", "'auto'", image["detail"])
    url = string(f"{path}.url", image.get("url"))
    if not _IMAGE_URL.match(url):
        refuse_value(f"{path}.url", "a URL that begins with https:, http: or data:image", url)
    return {"url": url}


def _audio(path: str, audio: dict[str, object]) -> dict[str, object]:
    check_keys(path, audio, ("data", "format"))
    form = one_of("wav")(f"{path}.format", audio.get("format"))
    data = string(f"{path}.data", audio.get("data"))
    if data[:5].lower().startswith("http"):
        refuse_value(f"{path}.data", "base64 data, not a URL", data)
    return {"data": data, "format": form}
