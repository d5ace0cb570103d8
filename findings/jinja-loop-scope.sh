#!/usr/bin/env bash
# A variable set in one iteration of a loop is still set in the next.
#
# Packages: @huggingface/jinja 0.5.11 (npm), which renders the chat templates of transformers.js
# 4.3.2, and jinja2 3.1.6 (PyPI), which renders them in transformers.
# In Jinja each iteration of a for loop begins with a fresh scope, which is why templates need
# namespace(). In JavaScript all iterations share one scope: what is set for one message holds for
# all messages after it.
# Expected: jinja2's documentation, "Assignments": a variable set inside a loop does not outlive it.
# Instead: set the variable in every iteration, in both branches of an "if".
. "$(dirname "$0")/lib.sh"

seen=$(chat_templates '{"messages": [{"role": "tool", "name": "clock"}, {"role": "user"}]}' <<'TEMPLATES'
{% for m in messages %}{% if m.name %}{% set by = m.name %}{% endif %}[{{ m.role }} {{ by }}]{% endfor %}
TEMPLATES
)
finding "@huggingface/jinja 0.5.11, jinja2 3.1.6" \
  "a variable set in one iteration of a for loop leaks into the next iterations" "$seen" <<'SEEN'
{% for m in messages %}{% if m.name %}{% set by = m.name %}{% endif %}[{{ m.role }} {{ by }}]{% endfor %}
  jinja2:             "[tool clock][user ]"
  @huggingface/jinja: "[tool clock][user clock]"
SEEN
