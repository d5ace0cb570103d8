"""Messages as WebLLM takes them, and the history as the model wrote it."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import (
    ChatCompletionMessage as SdkMessage,
)
from openai.types.chat import (
    ChatCompletionMessageFunctionToolCall as SdkCall,
)
from openai.types.chat import (
    ParsedChatCompletionMessage,
)
from openai.types.chat.chat_completion_message_function_tool_call import Function as SdkFunction
from pydantic import BaseModel
from pywebllm.chat.messages import read_messages
from pywebllm.chat.reasoning import ReasoningSplitter
from pywebllm.chat.tool_calls import ToolCallReader, tool_calls_text
from pywebllm.types import ChatCompletionMessage, Function, ToolCall

from tests.unit.chat.refusing import refused

USER = {"role": "user", "content": "Hi"}
ADD = {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
NOW = {"id": "2", "type": "function", "function": {"name": "now", "arguments": "{}"}}
ADD_TEXT = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
NOW_TEXT = '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'


def calling(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def result(call_id: str, content: object, **more: object) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def answered(message: object, *results: object) -> str:
    """Return the text that WebLLM gets for an assistant's message."""
    found = read_messages([USER, message, *results, USER])
    assert found[1]["role"] == "assistant"
    content = found[1]["content"]
    assert isinstance(content, str)
    return content


def test_plain_messages_are_unchanged() -> None:
    messages = [
        {"role": "system", "content": "Be kind."},
        USER,
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": ""},
    ]
    assert read_messages(messages) == messages


def test_system_and_developer_messages_at_the_start_become_one() -> None:
    messages = [
        {"role": "developer", "content": "Be kind."},
        {"role": "system", "content": [{"type": "text", "text": "Be"}] * 2},
        USER,
    ]
    system = {"role": "system", "content": "Be kind.\n\nBe\nBe"}
    assert read_messages(messages) == [system, USER]


def test_tools_prompt_is_appended_to_the_system_message() -> None:
    system = {"role": "system", "content": "Be kind."}
    found = read_messages([system, USER], tools_prompt="# Tools")
    assert found == [{"role": "system", "content": "Be kind.\n\n# Tools"}, USER]
    found = read_messages([USER], tools_prompt="# Tools")
    assert found == [{"role": "system", "content": "# Tools"}, USER]


@pytest.mark.parametrize("role", ["user", "system", "developer", "assistant"])
@pytest.mark.parametrize(
    "more",
    [
        {"name": "Ada"},
        {"id": "msg_1"},
        {"cache_control": {"type": "ephemeral"}},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"content": [{"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]},
    ],
    ids=lambda more: next(iter(more)),
)
def test_key_of_other_servers_changes_nothing(role: str, more: dict[str, Any]) -> None:
    plain = [USER, {"role": role, "content": "b"}, USER]
    found = read_messages([USER, {**plain[1], **more}, USER])
    assert found == read_messages(plain)
    assert not any("name" in message for message in found)


def test_reasoning_content_is_the_reasoning() -> None:
    assert answered({"role": "assistant", "content": "a", "reasoning_content": "Hm."}) == (
        "<think>\nHm.\n</think>\n\na"
    )


@pytest.mark.parametrize("more", [{}, {"content": None}, {"tool_calls": []}])
def test_answer_without_content_is_empty(more: dict[str, Any]) -> None:
    assert answered({"role": "assistant", **more}) == ""


def test_system_message_alone_is_the_users() -> None:
    assert read_messages([{"role": "system", "content": "Hi"}]) == [
        {"role": "user", "content": "Hi"}
    ]


def test_request_without_messages_is_refused() -> None:
    with refused("messages", "at least one"):
        read_messages([])


def test_text_parts_of_a_message_are_joined_by_line_breaks() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": ""}, TEXT]
    assert read_messages([{"role": "user", "content": parts}]) == [
        {"role": "user", "content": "a\n\nb"}
    ]


TEXT = {"type": "text", "text": "b"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
DATA = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


@pytest.mark.parametrize(
    ("parts", "read"),
    [
        ([IMAGE], [IMAGE]),
        ([IMAGE, TEXT, DATA], [IMAGE, TEXT, DATA]),
        ([SOUND, TEXT], [SOUND, TEXT]),
        ([IMAGE, TEXT, DATA, TEXT], [IMAGE, {"type": "text", "text": "b\nb"}, DATA]),
        (
            [{"type": "image_url", "image_url": {"url": "https://x", "detail": "auto"}}],
            [{"type": "image_url", "image_url": {"url": "https://x"}}],
        ),
    ],
)
def test_images_and_audio_keep_their_positions_around_the_text(
    parts: list[object], read: list[object]
) -> None:
    assert read_messages([{"role": "user", "content": parts}]) == [
        {"role": "user", "content": read}
    ]


def image(**fields: object) -> dict[str, object]:
    return {"type": "image_url", "image_url": fields}


def sound(**fields: object) -> dict[str, object]:
    return {"type": "input_audio", "input_audio": fields}


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        (None, "", "a string or a list of parts, got None"),
        (3, "", "a string or a list of parts, got 3"),
        ({"type": "text"}, "", "a list"),
        ([], "", "a string or a non-empty list of parts, got []"),
        (["hi"], "[0]", "mapping"),
        ([{}], "[0].type", "'text'"),
        ([{"type": "txt"}], "[0].type", "'txt'"),
        ([{"type": ["text"]}], "[0].type", "'text'"),
        ([{"type": "text"}], "[0].text", "a string"),
        ([{"type": "text", "text": 3}], "[0].text", "a string, got 3"),
        ([TEXT, {"type": "text", "text": "b", "txt": ""}], "[1].txt", "'text'"),
        ([{"type": "file", "file": {}}], "[0].type", "does not read files"),
        ([{"type": "refusal", "refusal": "no"}], "[0].type", "refusals"),
        ([{"type": "image_url"}], "[0].image_url", "mapping"),
        ([{"type": "image_url", "image_url": "https://x"}], "[0].image_url", "mapping"),
        ([image()], "[0].image_url.url", "a string"),
        ([image(url="x.png")], "[0].image_url.url", "https:"),
        ([image(url="data:text/plain,x")], "[0].image_url.url", "data:image"),
        ([image(url="https://x", detail="high")], "[0].image_url.detail", "'auto'"),
        ([image(url="https://x", size=3)], "[0].image_url.size", "not a known key"),
        ([{**IMAGE, "text": "x"}], "[0].text", "not a known key"),
        ([sound(data="AAAA", format="mp3")], "[0].input_audio.format", "'wav'"),
        ([sound(data="AAAA")], "[0].input_audio.format", "'wav'"),
        ([sound(format="wav")], "[0].input_audio.data", "a string"),
        ([sound(data="https://x", format="wav")], "[0].input_audio.data", "base64"),
    ],
)
def test_wrong_part_of_content_is_named_by_its_path(content: object, path: str, words: str) -> None:
    with refused(f"messages[1].content{path}", words):
        read_messages([USER, {"role": "user", "content": content}])


@pytest.mark.parametrize("role", ["system", "assistant", "tool"])
def test_image_is_refused_outside_user_messages(role: str) -> None:
    message = {"role": role, "content": [IMAGE]}
    before: list[object] = [] if role == "system" else [USER]
    if role == "tool":
        before.append(calling(ADD))
        message["tool_call_id"] = "1"
    with refused(f"messages[{len(before)}].content[0].type", "'text'"):
        read_messages([*before, message, USER])


@pytest.mark.parametrize(
    ("message", "path", "words"),
    [
        ("hi", "", "mapping"),
        (None, "", "mapping"),
        ({"content": "hi"}, ".role", "'user'"),
        ({"role": "bot", "content": "hi"}, ".role", "'bot'"),
        ({"role": "function", "content": "hi"}, ".role", "'function'"),
        ({"role": "user", "content": "hi", "contents": ""}, ".contents", "'content'"),
        ({"role": "user", "content": "hi", "name": 1}, ".name", "a string"),
        ({"role": "user", "content": "hi", "reasoning_content": ""}, ".reasoning_content", "key"),
        ({"role": "assistant", "refusal": "no"}, ".refusal", "content"),
        ({"role": "assistant", "audio": {"id": "x"}}, ".audio", "earlier answers"),
        ({"role": "assistant", "reasoning_content": 3}, ".reasoning_content", "a string"),
        ({"role": "assistant", "content": 3}, ".content", "a string or a list of text parts"),
        ({"role": "assistant", "content": "", "reasoning": 3}, ".reasoning", "a string"),
        (
            {"role": "assistant", "content": "", "annotations": [{}]},
            ".annotations",
            "text only",
        ),
        ({"role": "user", "content": "hi", "tool_calls": [ADD]}, ".tool_calls", "not a known key"),
    ],
)
def test_wrong_message_is_named_by_its_path(message: object, path: str, words: str) -> None:
    with refused(f"messages[1]{path}", words):
        read_messages([USER, message, USER])


@pytest.mark.parametrize(
    ("call", "path", "words"),
    [
        ("add", "", "mapping"),
        ({**ADD, "type": "custom"}, ".type", "'function'"),
        ({"type": "function", "function": ADD["function"]}, ".id", "a string"),
        ({**ADD, "function": None}, ".function", "mapping"),
        ({**ADD, "functions": 1}, ".functions", "'function'"),
        ({**ADD, "function": {"name": "add"}}, ".function.arguments", "a string"),
        ({**ADD, "function": {"arguments": "{}"}}, ".function.name", "a string"),
        (
            {**ADD, "function": {"name": "add", "arguments": {"a": 1}}},
            ".function.arguments",
            "a string",
        ),
        ({**ADD, "function": {"name": "add", "arg": ""}}, ".function.arg", "not a known key"),
    ],
)
def test_wrong_tool_call_is_named_by_its_path(call: Any, path: str, words: str) -> None:
    with refused(f"messages[1].tool_calls[0]{path}", words):
        read_messages([USER, calling(call), USER])


def test_tool_calls_with_the_same_id_are_refused() -> None:
    with refused("messages[1].tool_calls", "twice"):
        read_messages([USER, calling(ADD, ADD), result("1", "x")])


def test_tool_calls_are_sent_back_as_the_model_wrote_them() -> None:
    assert answered(calling(ADD, NOW), result("1", ""), result("2", "")) == (
        f"{ADD_TEXT}\n{NOW_TEXT}"
    )
    message = {**calling(ADD), "content": "I add.\n\n", "reasoning": "Hm."}
    assert answered(message, result("1", "")) == (f"<think>\nHm.\n</think>\n\nI add.\n\n{ADD_TEXT}")


def test_tool_results_are_sent_in_the_order_of_the_calls() -> None:
    found = read_messages([USER, calling(ADD, NOW), result("2", "noon"), result("1", [TEXT])])
    assert found[2:] == [
        {
            "role": "user",
            "content": "<tool_response>\nb\n</tool_response>\n"
            "<tool_response>\nnoon\n</tool_response>",
        }
    ]


def test_tool_result_may_only_name_its_own_function() -> None:
    named = result("1", "2", name="add")
    assert read_messages([USER, calling(ADD), named]) == read_messages(
        [USER, calling(ADD), result("1", "2")]
    )
    with refused("messages[2].name", "'add'"):
        read_messages([USER, calling(ADD), result("1", "2", name="now")])


@pytest.mark.parametrize(
    ("messages", "path", "words"),
    [
        ([USER, result("1", "x")], "messages[1].tool_call_id", "'1'"),
        ([USER, calling(ADD), result("3", "x")], "messages[2].tool_call_id", "'3'"),
        ([USER, calling(ADD), result("1", "x"), result("1", "x")], "messages[3].tool_call_id", ""),
        ([USER, calling(ADD), {"role": "tool"}], "messages[2].tool_call_id", "a string"),
        ([USER, calling(ADD, NOW), result("1", "x")], "messages[2]", "2"),
        ([USER, calling(ADD), USER], "messages[2]", "1"),
        ([USER, calling(ADD), calling(NOW), result("2", "x")], "messages[2]", "1"),
        ([USER, calling(ADD), USER, result("1", "x")], "messages[2]", "1"),
        ([USER, calling(ADD), result("1", None)], "messages[2].content", "a string"),
    ],
)
def test_each_tool_call_needs_one_result_right_after_it(
    messages: list[object], path: str, words: str
) -> None:
    with refused(path, words):
        read_messages(messages)


@pytest.mark.parametrize(
    ("reasoning", "block"),
    [(None, ""), ("", "<think>\n\n</think>\n\n"), ("Hm.", "<think>\nHm.\n</think>\n\n")],
)
def test_missing_reasoning_adds_no_block_and_empty_reasoning_an_empty_one(
    reasoning: str | None, block: str
) -> None:
    for message in (
        {"role": "assistant", "content": "Hello", "reasoning": reasoning},
        ChatCompletionMessage(content="Hello", reasoning=reasoning),
    ):
        assert answered(message) == f"{block}Hello"


def test_answers_of_this_library_are_accepted_as_messages() -> None:
    message = ChatCompletionMessage(
        content=None,
        reasoning="Hm.",
        tool_calls=(ToolCall(id="1", function=Function(name="add", arguments='{"a": 1}')),),
    )
    assert answered(message, result("1", "2")) == f"<think>\nHm.\n</think>\n\n{ADD_TEXT}"


def test_answers_of_the_official_sdk_are_accepted_as_messages() -> None:
    call = SdkCall(id="1", type="function", function=SdkFunction(name="add", arguments='{"a": 1}'))
    message = SdkMessage(role="assistant", content="So:\n", tool_calls=[call], annotations=[])
    assert answered(message, result("1", "2")) == f"So:\n{ADD_TEXT}"
    dumped = message.model_dump()
    assert None in dumped.values()
    assert answered(dumped, result("1", "2")) == f"So:\n{ADD_TEXT}"


def test_parsed_answers_of_the_official_sdk_are_accepted_as_messages() -> None:
    class Point(BaseModel):
        x: int

    message = ParsedChatCompletionMessage[Point](
        role="assistant", content='{"x": 1}', parsed=Point(x=1)
    )
    assert answered(message) == '{"x": 1}'


TEXTS = st.text() | st.text('ab <>/{}"\\\n\t')
FUNCTIONS = st.builds(
    Function,
    name=st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True),
    arguments=st.sampled_from(["{}", '{"a": "}\\n</tool_call>"}', '{"b": [{"c": "\\""}]}']),
)


def read_answer(text: str) -> ChatCompletionMessage:
    """Convert generated text to a message, as the answers of this library are."""
    ids = map(str, count())
    splitter, reader = ReasoningSplitter(), ToolCallReader(lambda: next(ids))
    reasoning: list[str] = []
    content = ""
    calls: list[ToolCall] = []
    for thought, written in (splitter.feed(text), splitter.end(truncated=False)):
        reasoning += [] if thought is None else [thought]
        for added, deltas in (reader.feed(written),):
            content += added
            for delta in deltas:
                if delta.id is not None:
                    function = Function(name=delta.function.name or "", arguments="")
                    calls.append(ToolCall(id=delta.id, function=function))
                    continue
                function = calls[-1].function
                arguments = function.arguments + (delta.function.arguments or "")
                calls[-1] = ToolCall(
                    id=calls[-1].id, function=Function(name=function.name, arguments=arguments)
                )
    content += reader.end(truncated=False)[0]
    return ChatCompletionMessage(
        content=content or (None if calls else ""),
        reasoning="".join(reasoning) if reasoning else None,
        tool_calls=tuple(calls) or None,
    )


REASONING = TEXTS.filter(lambda text: "</think>" not in text and text == text.strip())
CONTENT = TEXTS.filter(lambda text: "<tool_call>" not in text and not text[:1].isspace())


@given(REASONING | st.none(), CONTENT, st.lists(FUNCTIONS, max_size=3))
def test_generated_text_is_sent_back_byte_for_byte(
    reasoning: str | None, content: str, functions: list[Function]
) -> None:
    text = content + tool_calls_text(functions)
    if reasoning is not None:
        text = f"<think>\n{reasoning}\n</think>\n\n{text}"
    elif text.startswith("<think>"):
        return
    message = read_answer(text)
    calls = message.tool_calls or ()
    assert [call.function for call in calls] == functions
    assert answered(message, *(result(call.id, "done") for call in calls)) == text
