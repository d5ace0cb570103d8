#!/usr/bin/env bash
# Text that a loop writes before break or continue is lost.
#
# Packages: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of transformers.js
# 4.3.2, and jinja2 3.1.6 (PyPI), which renders them in transformers.
# A chat template that writes a turn and then leaves the loop loses the text that this iteration has
# already written, so the browser sends the model another prompt than Python does.
# Expected: "{% break %}" ends the loop and keeps what is written, as jinja2's loopcontrols
# extension does; transformers turns that extension on for chat templates.
# Instead: render such a template in Python and compare, or rewrite it with a namespace flag and "if".
. "$(dirname "$0")/lib.sh"

seen=$(chat_templates '{"turns": ["one", "two", "three"]}' <<'TEMPLATES'
{% for t in turns %}<{{ t }}>{% if t == "two" %}{% break %}{% endif %}{% endfor %}
{% for t in turns %}<{{ t }}>{% if t == "two" %}{% continue %}{% endif %};{% endfor %}
TEMPLATES
)
finding "@huggingface/jinja 0.5.11, jinja2 3.1.6" \
  "break and continue drop the text of the iteration that they end" "$seen" <<'SEEN'
{% for t in turns %}<{{ t }}>{% if t == "two" %}{% break %}{% endif %}{% endfor %}
  jinja2:             "<one><two>"
  @huggingface/jinja: "<one>"
{% for t in turns %}<{{ t }}>{% if t == "two" %}{% continue %}{% endif %};{% endfor %}
  jinja2:             "<one>;<two><three>;"
  @huggingface/jinja: "<one>;<three>;"
SEEN
