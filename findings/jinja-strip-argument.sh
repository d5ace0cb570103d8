#!/usr/bin/env bash
# lstrip("\n") strips spaces too, and strip("x") leaves the x.
#
# Packages: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of transformers.js
# 4.3.2, and jinja2 3.1.6 (PyPI), which renders them in transformers.
# strip, lstrip and rstrip of a string ignore their argument and strip white space. Templates of
# reasoning models call content.split("</think>")[-1].lstrip("\n") on earlier turns: an answer that
# begins with an indentation loses it in the browser and keeps it in Python.
# Expected: Python's str.lstrip(chars), which jinja2 calls.
# Instead: use split or replace, which honor their arguments, and compare the rendered prompts.
. "$(dirname "$0")/lib.sh"

seen=$(chat_templates '{"content": "<think>\n</think>\n\n    indented\n"}' <<'TEMPLATES'
{{ content.split("</think>")[-1].lstrip("\n") }}
{{ "<<name>>".strip("<>") }}
TEMPLATES
)
finding "@huggingface/jinja 0.5.11, jinja2 3.1.6" \
  "the argument of strip, lstrip and rstrip is ignored" "$seen" <<'SEEN'
{{ content.split("</think>")[-1].lstrip("\n") }}
  jinja2:             "    indented\n"
  @huggingface/jinja: "indented\n"
{{ "<<name>>".strip("<>") }}
  jinja2:             "name"
  @huggingface/jinja: "<<name>>"
SEEN
