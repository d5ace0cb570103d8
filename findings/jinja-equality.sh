#!/usr/bin/env bash
# "1" equals 1, and an empty list does not equal [].
#
# Packages: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of transformers.js
# 4.3.2, and jinja2 3.1.6 (PyPI), which renders them in transformers.
# == and != are JavaScript's loose comparison: a string equals the number it spells, "" equals 0, and
# lists and mappings are equal only to themselves. A template that tests "tools != []" writes its
# section for tools into a request without any.
# Expected: Python's ==, which jinja2 uses.
# Instead: test truth ("if tools") or length ("tools|length > 0"), which agree.
. "$(dirname "$0")/lib.sh"

seen=$(chat_templates '{"tools": [], "id": "1"}' <<'TEMPLATES'
{% if tools != [] %}tools{% else %}no tools{% endif %}
{% if tools|length > 0 %}tools{% else %}no tools{% endif %}
{% if id == 1 %}same{% else %}other{% endif %}
{% if "" == 0 %}same{% else %}other{% endif %}
{% if {"a": 1} == {"a": 1} %}same{% else %}other{% endif %}
TEMPLATES
)
finding "@huggingface/jinja 0.5.11, jinja2 3.1.6" \
  "== compares as JavaScript does: loosely for scalars, by identity for lists and mappings" "$seen" <<'SEEN'
{% if tools != [] %}tools{% else %}no tools{% endif %}
  jinja2:             "no tools"
  @huggingface/jinja: "tools"
{% if tools|length > 0 %}tools{% else %}no tools{% endif %}
  jinja2:             "no tools"
  @huggingface/jinja: "no tools"
{% if id == 1 %}same{% else %}other{% endif %}
  jinja2:             "other"
  @huggingface/jinja: "same"
{% if "" == 0 %}same{% else %}other{% endif %}
  jinja2:             "other"
  @huggingface/jinja: "same"
{% if {"a": 1} == {"a": 1} %}same{% else %}other{% endif %}
  jinja2:             "same"
  @huggingface/jinja: "other"
SEEN
