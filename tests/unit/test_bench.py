"""What the benchmarks make of their measurements, and how they see memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.memory import high_water, peaks, renderers
from bench.peers_table import table
from bench.staged import Found

linux = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs /proc")

MIB = 2**20


def test_table_of_peers_says_how_many_times_better_each_of_ours_is() -> None:
    found = [
        Found(name="memory-0", value="ours", memory={"gpu": 300, "processes": 900}),
        Found(name="memory-1", value="theirs", memory={"gpu": 450, "processes": 1800}),
        Found(name="memory-2", value="other", memory={"gpu": 1234, "processes": 90}),
        Found(name="memory-3", value=None, memory={"gpu": 7, "processes": 7}),
        Found(
            name="peers",
            value={
                "adapter": "nvidia hopper",
                "engines": ["ours", "f16", "theirs", "other"],
                "pairs": [["ours", "theirs"], ["f16", "theirs"]],
                "failures": {"other": "Error: no memory"},
                "ms": {
                    "load": {"ours": 800, "theirs": 400, "other": 1000},
                    "step after 45": {"ours": 8, "f16": 4, "theirs": 20},
                },
            },
            memory={"gpu": 9, "processes": 9},
        ),
    ]
    assert table(found).splitlines() == [
        "On nvidia hopper:",
        "",
        "|  | ours | f16 | theirs | other | ours against theirs | f16 against theirs |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| load (ms) | 800 | - | 400 | 1,000 | 0.50 | - |",
        "| tokens/s after 45 | 125 | 250 | 50 | - | 2.50 | 5.00 |",
        "| memory: gpu (MiB) | 300 | - | 450 | 1,234 | 1.50 | - |",
        "| memory: processes (MiB) | 900 | - | 1,800 | 90 | 2.00 | - |",
        "other failed: Error: no memory",
    ]


def test_table_of_one_engine_compares_nothing() -> None:
    ms = {"first token of 45": {"one": 1234}}
    value = {"adapter": "a processor", "engines": ["one"], "pairs": [], "failures": {}, "ms": ms}
    assert table([Found(name="peers", value=value, memory={})]).splitlines()[2:] == [
        "|  | one |",
        "| --- | --- |",
        "| first token of 45 (ms) | 1,234 |",
    ]


@contextmanager
def fake_renderer(mib: int) -> Iterator[int]:
    """Start a process that looks like a page's and has this much memory; yield its number."""
    program = f"data = b'1' * {mib * MIB}; print(flush=True); input()"
    command = [sys.executable, "-c", program, "--type=renderer"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.communicate("\n")


@linux
def test_peak_of_memory_is_that_of_all_processes_of_the_browser_together() -> None:
    with fake_renderer(100) as first, fake_renderer(150) as second:
        assert renderers() == {first, second}
        assert high_water(second) >= 150 * 1024
        with peaks() as memory:
            pass
    assert 250 <= memory["processes"] < 400
    assert not renderers()
    assert high_water(second) == 0


def test_memory_of_the_card_is_counted_beyond_what_was_used_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = tmp_path / "used"
    program = tmp_path / "nvidia-smi"
    program.write_text(f'#!/bin/sh\n[ "$1" = --query-gpu=memory.used ] && cat {used}\n', "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    used.write_text("500\n20\n", "utf-8")
    with peaks() as memory:
        used.write_text("900\n20\n", "utf-8")
    assert memory["gpu"] == 400
