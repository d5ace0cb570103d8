#!/usr/bin/env bash
# A variable set in one round of a loop is still set in the next.
#
# Packages: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of transformers.js
# 4.3.2, and jinja2 3.1.6 (PyPI), which renders them in transformers.
# In Jinja each round of a for loop begins with a fresh scope, which is why templates need
# namespace(). In JavaScript all rounds share one: a default given only where it is missing, or a
# flag set on one message, holds for all messages that follow.
# Expected: jinja2's documentation, "Assignments": a variable set inside a loop does not outlive it.
# Instead: set each loop variable in every round, in both branches of an "if".
. "$(dirname "$0")/lib.sh"

seen=$(chat_templates '{"messages": [{"role": "tool", "name": "clock"}, {"role": "user"}]}' <<'TEMPLATES'
{% for m in messages %}{% if m.name %}{% set by = m.name %}{% endif %}[{{ m.role }} {{ by }}]{% endfor %}
TEMPLATES
)
finding "@huggingface/jinja 0.5.11, jinja2 3.1.6" \
  "a variable set in one round of a for loop leaks into the following rounds" "$seen" <<'SEEN'
{% for m in messages %}{% if m.name %}{% set by = m.name %}{% endif %}[{{ m.role }} {{ by }}]{% endfor %}
  jinja2:             "[tool clock][user ]"
  @huggingface/jinja: "[tool clock][user clock]"
SEEN
