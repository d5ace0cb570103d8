#!/usr/bin/env bash
# "~" writes [object Map] for a mapping, and other text than {{ }} for the same value.
#
# Packages: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of transformers.js
# 4.3.2, and jinja2 3.1.6 (PyPI), which renders them in transformers.
# The operator that joins values as text takes JavaScript's text of them: a mapping is [object Map], a
# list is its items with commas between them and nothing around them, and 2.0 is 2. {{ }} writes the
# same values in full. So the arguments of a tool call reach the model as [object Map], without an error.
# Expected: the text that {{ }} writes. Jinja documents ~ as making strings of its operands, which is
# what {{ }} does, and in jinja2 both agree.
# Instead: write the values one after the other ({{ a }}{{ b }}), or pass them through tojson.
. "$(dirname "$0")/lib.sh"

seen=$(chat_templates '{"arguments": {"city": "Oslo"}, "names": ["a", "b"]}' <<'TEMPLATES'
{{ arguments }}
{{ "call " ~ arguments }}
{{ "call " ~ arguments|tojson }}
{{ names }}
{{ "names " ~ names }}
{{ 2.0 }}
{{ "version " ~ 2.0 }}
TEMPLATES
)
finding "@huggingface/jinja 0.5.11, jinja2 3.1.6" \
  "~ joins JavaScript's text of its operands, which is not what {{ }} writes" "$seen" <<'SEEN'
{{ arguments }}
  jinja2:             "{'city': 'Oslo'}"
  @huggingface/jinja: "{\"city\": \"Oslo\"}"
{{ "call " ~ arguments }}
  jinja2:             "call {'city': 'Oslo'}"
  @huggingface/jinja: "call [object Map]"
{{ "call " ~ arguments|tojson }}
  jinja2:             "call {\"city\": \"Oslo\"}"
  @huggingface/jinja: "call {\"city\": \"Oslo\"}"
{{ names }}
  jinja2:             "['a', 'b']"
  @huggingface/jinja: "[\"a\", \"b\"]"
{{ "names " ~ names }}
  jinja2:             "names ['a', 'b']"
  @huggingface/jinja: "names a,b"
{{ 2.0 }}
  jinja2:             "2.0"
  @huggingface/jinja: "2.0"
{{ "version " ~ 2.0 }}
  jinja2:             "version 2.0"
  @huggingface/jinja: "version 2"
SEEN
