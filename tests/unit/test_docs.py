"""The documentation's sources: tables that agree with the code, examples that are complete."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from pywebllm import embeddings
from pywebllm.chat import messages
from pywebllm.chat import parameters as chat
from pywebllm.chat.other_servers import OTHER_SERVERS
from pywebllm.completions import call as completions
from pywebllm.engine import state
from pywebllm.request.table import Table

import serve
from tests.pages import DOCS, PAGES, fences, program

ROOT = Path(__file__).parents[2]
FINDINGS = (ROOT / "findings/README.md").read_text("utf-8")

# What clients take out of a request before it is one, and what is not in the reference.
_NOT_OPENAIS = {
    *("extra_body", "extra_headers", "extra_query", "timeout"),
    *("enable_latency_breakdown", "enable_thinking", "ignore_eos", "min_p"),
    *("repetition_penalty", "resumable", "top_k"),
    *OTHER_SERVERS,
}


@pytest.mark.parametrize(
    ("endpoint", "table"),
    [
        ("chat.completions", chat.PARAMETERS),
        ("completions", completions.PARAMETERS),
        ("embeddings", embeddings.PARAMETERS),
    ],
)
def test_table_of_parameters_says_what_the_code_does(endpoint: str, table: Table) -> None:
    (section,) = re.findall(rf"^## {endpoint}\n(.*?)^##", PAGES["openai.md"], re.DOTALL | re.M)
    section = section.partition("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", section, re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a parameter is listed twice"
    known = {name: entry.how for name, entry in table.items() if name not in _NOT_OPENAIS}
    assert dict(rows) == known


def test_table_of_engines_has_every_parameter_that_chats_honor() -> None:
    section = PAGES["engines.md"].partition("| parameter |")[2].partition("| besides |")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(named) == len(set(named)), "a parameter is listed twice"
    assert set(named) == {name for name, it in chat.PARAMETERS.items() if it.how == "honored"}


def test_table_of_message_keys_says_what_the_code_does() -> None:
    section = PAGES["openai.md"].partition("### Messages")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", section, re.MULTILINE))
    taken = {key for keys in messages._KEYS.values() for key in keys}
    refused = {key for key, how in rows.items() if how == "refused"}
    assert refused == set(messages._REFUSED)
    # The deprecated form is converted before messages are read.
    assert set(rows) - refused - {"function_call"} == taken
    no_effect = {key for key, how in rows.items() if how == "no effect"}
    assert no_effect == {*messages._NO_EFFECT, "annotations", "parsed"}


def test_table_of_extra_keys_names_parameters_of_chats() -> None:
    section = PAGES["openai.md"].partition("## Beyond the reference")[2]
    keys = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    honored = {name for name, entry in chat.PARAMETERS.items() if entry.how == "honored"}
    assert keys == (honored & _NOT_OPENAIS) - {"extra_body"}


def test_table_of_layers_is_the_contract_of_import_linter() -> None:
    section = PAGES["architecture.md"].partition("## Layers")[2].partition("\nAbove")[0]
    rows = re.findall(r"^\| [\w ]+ \| (`.*?) \|", section, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (it["layers"] for it in contracts if it.get("containers") == ["pywebllm"])
    assert [set(re.findall(r"`(\w+)`", row)) for row in rows] == [
        set(layer.split(" | ")) for layer in layers
    ]


def test_table_of_states_is_the_one_of_the_engine() -> None:
    assert state.__doc__ is not None
    table = re.search(r"^\| event .*?(?=\n\n)", state.__doc__, re.DOTALL | re.MULTILINE)
    assert table is not None
    assert table[0] in PAGES["architecture.md"]


def test_pages_name_the_versions_of_package_json() -> None:
    pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    text = "\n".join([*PAGES.values(), (ROOT / "README.md").read_text("utf-8")])
    assert set(re.findall(r"@pyscript/core@([\d.]+\d)", text)) == {pinned["@pyscript/core"]}
    assert set(re.findall(r"PyScript ([\d.]+\d)", text)) == {pinned["@pyscript/core"]}
    assert set(re.findall(r"pyodide/v([\d.]+\d)", text)) == {pinned["pyodide"]}
    assert set(re.findall(r"Pyodide ([\d.]+\d)", text)) == {pinned["pyodide"]}
    assert set(re.findall(r"WebLLM ([\d.]+\d)", text)) <= {pinned["@mlc-ai/web-llm"]}


def test_table_of_models_says_what_webllm_lists() -> None:
    listed = (ROOT / "node_modules/@mlc-ai/web-llm/lib/index.js").read_text("utf-8")
    table = re.findall(
        r"^\| `(\S+)` \| ([\d,]+) MB \| ([\d,]+) MB \|$", PAGES["guides/models.md"], re.M
    )
    assert len(table) == 5
    for model, *memory in table:
        for build, stated in zip(("q4f16_1", "q4f32_1"), memory, strict=True):
            record = rf'model_id: "{re.escape(model)}-{build}-MLC".*?vram_required_MB: ([\d.]+)'
            found = re.search(record, listed, re.DOTALL)
            assert found is not None
            assert f"{round(float(found[1])):,}" == stated


def test_findings_table_lists_every_script() -> None:
    table = re.findall(r"^\| \[([\w-]+)\]\(([\w-]+)\.sh\)", FINDINGS, re.MULTILINE)
    scripts = {path.stem for path in (ROOT / "findings").glob("*.sh")} - {"lib"}
    assert {name for name, file in table if name == file} == scripts
    assert len(table) == len(scripts)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_is_of_a_known_kind(page: str) -> None:
    """A block of another kind would be checked by no test."""
    assert set(fences(PAGES[page])) <= {
        *("python", "text", "html", "js", "sh"),
        *("{eval-rst}", "{toctree}"),
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_python_block_of_a_page_is_a_step_of_its_program(page: str) -> None:
    steps = program(page)
    assert [step.code for step in steps] == fences(PAGES[page]).get("python", [])
    printed = [step.printed for step in steps if step.printed is not None]
    assert printed == fences(PAGES[page]).get("text", [])


@pytest.mark.parametrize("page", PAGES)
def test_stand_ins_of_a_page_replace_something(page: str) -> None:
    replaced = [step for step in program(page) if step.stand_in is not None]
    assert len(replaced) == PAGES[page].count("stand-in:")
    assert [step.code for step in replaced if step.runnable == step.code] == []


def test_readme_and_documentation_install_in_the_same_way() -> None:
    readme = fences((ROOT / "README.md").read_text("utf-8"))
    install = fences(PAGES["install.md"])
    for language in ("html", "js"):
        (block,) = install[language]
        assert readme[language][0] == block
    assert readme["python"][0] == install["python"][0]


@pytest.mark.parametrize("language", ["html", "js", "python"])
def test_install_block_has_at_most_four_lines(language: str) -> None:
    (block,) = fences(PAGES["install.md"])[language]
    assert 0 < len(block.splitlines()) <= 4


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_serve_py_are_such(page: str) -> None:
    for block in fences(PAGES[page]).get("sh", []):
        for arguments in re.findall(r"^python3 serve\.py(.*)$", block, re.MULTILINE):
            serve._parser().parse_args(arguments.split())


def test_requirements_are_pinned() -> None:
    lines = (DOCS / "requirements.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert wanted
    assert [line for line in wanted if not re.fullmatch(r"[\w-]+==[\d.]+", line)] == []
