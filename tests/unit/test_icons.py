"""The icons of the installed page are what the manifest says."""

from __future__ import annotations

import json
import struct
from pathlib import Path

STATIC = Path(__file__).parents[2] / "static"
PNG = b"\x89PNG\r\n\x1a\n"


def test_manifest_names_icons_of_their_size_and_a_maskable_one() -> None:
    icons = json.loads((STATIC / "site.webmanifest").read_text("utf-8"))["icons"]
    drawn = [icon for icon in icons if icon["type"] == "image/png"]
    for icon in drawn:
        data = (STATIC / icon["src"]).read_bytes()
        assert data.startswith(PNG)
        assert icon["sizes"] == "{}x{}".format(*struct.unpack(">II", data[16:24]))
        assert len(data) < 20_000
    assert {icon["sizes"] for icon in drawn} >= {"192x192", "512x512"}
    assert [icon["src"] for icon in icons if icon.get("purpose") == "maskable"]
