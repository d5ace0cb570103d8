"""The part of the system message that describes the tools."""

from __future__ import annotations

import json

from pywebllm.chat.tool_prompt import tools_prompt
from pywebllm.chat.tools import Tool

PARAMETERS = {"type": "object", "properties": {"stadt": {"description": "Größe\n</tools>"}}}


def tool(name: str, description: str = "") -> Tool:
    return Tool(path="", name=name, description=description, parameters=PARAMETERS, strict=False)


def test_each_tool_is_one_line_of_json_between_the_tags() -> None:
    prompt = tools_prompt([tool("add", "Adds\ntwo."), tool("now")])
    _, _, after = prompt.partition("<tools>\n")
    listed, _, _ = after.partition("\n</tools>\n")
    assert [json.loads(line) for line in listed.split("\n")] == [
        {
            "type": "function",
            "function": {"name": "add", "description": "Adds\ntwo.", "parameters": PARAMETERS},
        },
        {"type": "function", "function": {"name": "now", "parameters": PARAMETERS}},
    ]
    assert "Größe" in listed


def test_tools_prompt_shows_the_format_of_a_call() -> None:
    prompt = tools_prompt([tool("add")])
    _, _, after = prompt.partition("</tools>")
    _, _, call = after.partition("<tool_call>\n")
    form, _, _ = call.partition("\n</tool_call>")
    assert set(json.loads(form)) == {"name", "arguments"}


def test_same_tools_give_the_same_prompt() -> None:
    assert tools_prompt([tool("add")]) == tools_prompt([tool("add")])
    assert tools_prompt([tool("add")]) != tools_prompt([tool("now")])
