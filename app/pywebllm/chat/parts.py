"""The content of a message: a text, or a list of parts, as WebLLM takes them."""

from __future__ import annotations

import re

from pywebllm.request.checks import check_keys, items, mapping, one_of, refuse, text

__all__ = ["read_parts", "read_text"]

_IMAGE_URL = re.compile(r"data:image|https?://", re.IGNORECASE)
_OTHERS = {
    "file": "WebLLM takes no files; put their text into the message",
    "refusal": "a model here has no channel for refusals; use a text part",
}


def read_text(path: str, value: object) -> str:
    """Return a content that is a text, or the text of its parts, joined by line breaks."""
    if value is None or isinstance(value, str):
        return text(path, value)
    parts = _parts(path, value)
    return "\n".join(_text_part(part_path, part) for part_path, part in parts)


def read_parts(path: str, value: object) -> str | list[dict[str, object]]:
    """Return the content of a user's message: a text, or parts of which one at most is a text.

    WebLLM takes no second text: all texts are joined by line breaks, in the place of the first.
    """
    if value is None or isinstance(value, str):
        return text(path, value)
    read: list[dict[str, object]] = []
    texts: list[str] = []
    for part_path, part in _parts(path, value):
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


def _parts(path: str, value: object) -> list[tuple[str, dict[str, object]]]:
    parts = items(path, value)
    if not parts:
        refuse(path, "is a text or a list of parts that is not empty, got an empty list")
    return [(f"{path}[{i}]", mapping(f"{path}[{i}]", part)) for i, part in enumerate(parts)]


def _text_part(path: str, part: dict[str, object]) -> str:
    _check_type(path, part, "text")
    check_keys(path, part, ("type", "text"))
    return text(f"{path}.text", part.get("text"))


def _media_part(path: str, part: dict[str, object]) -> dict[str, object]:
    kind = _check_type(path, part, "text", "image_url", "input_audio")
    check_keys(path, part, ("type", kind))
    content = mapping(f"{path}.{kind}", part.get(kind))
    if kind == "image_url":
        return {"type": kind, kind: _image(f"{path}.{kind}", content)}
    return {"type": kind, kind: _audio(f"{path}.{kind}", content)}


def _check_type(path: str, part: dict[str, object], *known: str) -> str:
    kind = part.get("type")
    if isinstance(kind, str) and kind in _OTHERS:
        refuse(f"{path}.type", f"cannot be {kind!r}: {_OTHERS[kind]}")
    return one_of(*known)(f"{path}.type", kind)


def _image(path: str, image: dict[str, object]) -> dict[str, object]:
    check_keys(path, image, ("url", "detail"))
    # WebLLM refuses the key, whatever it says; `auto` leaves the choice to it anyway.
    if image.get("detail", "auto") != "auto":
        refuse(f"{path}.detail", f"can only be 'auto', got {image['detail']!r}")
    url = text(f"{path}.url", image.get("url"))
    if not _IMAGE_URL.match(url):
        refuse(f"{path}.url", f"begins with https:, http: or data:image, got {url[:40]!r}")
    return {"url": url}


def _audio(path: str, audio: dict[str, object]) -> dict[str, object]:
    check_keys(path, audio, ("data", "format"))
    form = one_of("wav")(f"{path}.format", audio.get("format"))
    data = text(f"{path}.data", audio.get("data"))
    if data[:5].lower().startswith("http"):
        refuse(f"{path}.data", f"is a sound in base64, not an address, got {data[:40]!r}")
    return {"data": data, "format": form}
