#!/usr/bin/env bash
# A number that is still being streamed looks like a finished one.
#
# Packages: jiter 0.19.0 and pydantic-core 2.50.4 (PyPI); the openai SDK uses jiter for the parsed
# snapshots of streamed answers and tool calls.
# Partial parsing leaves out an incomplete string, literal or key, but keeps an incomplete number: a
# price of 1299.50 appears as 1, 12, 129 and 1299, each valid and of the right type. It disappears
# again while the text ends in "-", "1." or "1e".
# Expected: the rule for strings, which are left out until they are closed unless "trailing-strings"
# asks for them.
# Instead: use the last number of a partial value only when something follows it.
. "$(dirname "$0")/lib.sh"

pip_install jiter==0.19.0 pydantic-core==2.50.4
seen=$(py_run <<'PY'
import jiter, pydantic_core

for text in [
    '{"name": "Lam', '{"sale": tru', '{"price": 12', '{"price": 1299.', '{"price": 1299.5', '{"price": 1299.50,',
]:
    print(text, jiter.from_json(text.encode(), partial_mode=True), pydantic_core.from_json(text, allow_partial=True))
PY
)
finding "jiter 0.19.0, pydantic-core 2.50.4" \
  "partial JSON drops unfinished strings and literals but reports unfinished numbers" "$seen" <<'SEEN'
{"name": "Lam {} {}
{"sale": tru {} {}
{"price": 12 {'price': 12} {'price': 12}
{"price": 1299. {} {}
{"price": 1299.5 {'price': 1299.5} {'price': 1299.5}
{"price": 1299.50, {'price': 1299.5} {'price': 1299.5}
SEEN
