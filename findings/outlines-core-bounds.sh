#!/usr/bin/env bash
# minimum and maximum are dropped: an age of 18 to 120 may be -5.
#
# Packages: outlines-core 0.2.14 and llguidance 1.9.1 (PyPI).
# build_regex_from_schema() turns a JSON Schema into the regular expression that constrains a model.
# The bounds of integers and numbers leave no trace in it, without an error or a warning, although
# other keywords that it does not support, such as "not", raise.
# Expected: the bounds are enforced, as llguidance does, or the schema is refused.
# Instead: list small ranges ("enum": [1, 2, 3]) and validate the parsed value.
. "$(dirname "$0")/lib.sh"

pip_install outlines-core==0.2.14 llguidance==1.9.1
seen=$(py_run <<'PY'
import json, re
import llguidance
from outlines_core.json_schema import build_regex_from_schema

tokenizer = llguidance.LLTokenizer("byte")

def guidance(schema, text):
    matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_json_schema(schema))
    return matcher.try_consume_tokens(tokenizer.tokenize_str(text)) == len(text) and matcher.is_accepting()

for schema, texts in [
    ({"type": "integer", "minimum": 18, "maximum": 120}, ["18", "129", "-5"]),
    ({"type": "number", "minimum": 0, "maximum": 1}, ["0.5", "1.5"]),
]:
    expression = build_regex_from_schema(json.dumps(schema))
    print(json.dumps(schema))
    for text in texts:
        print(f"  {text}: outlines-core {bool(re.fullmatch(expression, text))}, llguidance {guidance(schema, text)}")
PY
)
finding "outlines-core 0.2.14, llguidance 1.9.1" \
  "minimum and maximum have no effect on the regular expression" "$seen" <<'SEEN'
{"type": "integer", "minimum": 18, "maximum": 120}
  18: outlines-core True, llguidance True
  129: outlines-core True, llguidance False
  -5: outlines-core True, llguidance False
{"type": "number", "minimum": 0, "maximum": 1}
  0.5: outlines-core True, llguidance True
  1.5: outlines-core True, llguidance False
SEEN
