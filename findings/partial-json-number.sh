#!/usr/bin/env bash
# A number that is still being streamed passes for a finished one.
#
# Packages: jiter 0.19.0 and pydantic-core 2.50.4 (PyPI); the openai SDK reads partial tool calls and
# parsed snapshots by the former.
# Partial parsing leaves out a string, a literal or a key that is not complete, but keeps an incomplete
# number: a price of 1299.50 is seen as 1, 12, 129, 1299. The parts are valid and of the right type,
# so nothing warns; with -, 1. and 1e at the end the number goes away again.
# Expected: what holds for strings, which are dropped until their closing quote unless
# "trailing-strings" asks for them.
# Instead: use the last number of a partial value only once something follows it.
. "$(dirname "$0")/lib.sh"

pip_install jiter==0.19.0 pydantic-core==2.50.4
seen=$(py_run <<'PY'
import jiter, pydantic_core

for text in ['{"name": "Lam', '{"sale": tru', '{"price": 12', '{"price": 1299.', '{"price": 1299.5', '{"price": 1299.50,']:
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
