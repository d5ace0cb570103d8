"""SHA256SUMS reveals changed, added and missing files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from model.__main__ import main
from model.checksums import CHECKSUMS, checksums

LIBRARY = b"\0asm"


@pytest.fixture
def released(tmp_path: Path) -> Path:
    revision = tmp_path / "resolve" / "v1"
    revision.mkdir(parents=True)
    (revision / "mlc-chat-config.json").write_text("{}")
    (revision / "model.wasm").write_bytes(LIBRARY)
    (tmp_path / "README.md").write_text("not listed")
    assert main(["checksums", str(tmp_path)]) == 0
    return tmp_path


def test_lines_have_the_format_of_sha256sum(released: Path) -> None:
    assert (released / CHECKSUMS).read_text("utf-8") == (
        f"{hashlib.sha256(b'{}').hexdigest()}  resolve/v1/mlc-chat-config.json\n"
        f"{hashlib.sha256(LIBRARY).hexdigest()}  resolve/v1/model.wasm\n"
    )


def test_checksums_change_with_every_file(released: Path) -> None:
    recorded = (released / CHECKSUMS).read_text("utf-8")
    assert checksums(released) == recorded
    extra = released / "resolve" / "v1" / "extra"
    extra.touch()
    assert checksums(released) != recorded
    extra.unlink()
    config = released / "resolve" / "v1" / "mlc-chat-config.json"
    config.write_text("{ }")
    assert checksums(released) != recorded
    config.unlink()
    assert checksums(released) != recorded


def test_folder_without_revisions_is_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["checksums", str(tmp_path)]) == 1
    assert "no files in resolve/" in capsys.readouterr().err
