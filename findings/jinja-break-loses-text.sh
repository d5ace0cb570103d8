#!/usr/bin/env bash
# What a loop wrote before break or continue is lost.
#
# Packages: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of transformers.js
# 4.3.2, and jinja2 3.1.6 (PyPI), which renders them in transformers.
# A chat template that writes a turn and then leaves the loop loses the text which the last round of
# that loop has already written, so the prompt in the browser is not the prompt the model was made for.
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
  "break and continue drop the text of the round they end" "$seen" <<'SEEN'
{% for t in turns %}<{{ t }}>{% if t == "two" %}{% break %}{% endif %}{% endfor %}
  jinja2:             "<one><two>"
  @huggingface/jinja: "<one>"
{% for t in turns %}<{{ t }}>{% if t == "two" %}{% continue %}{% endif %};{% endfor %}
  jinja2:             "<one>;<two><three>;"
  @huggingface/jinja: "<one>;<three>;"
SEEN
