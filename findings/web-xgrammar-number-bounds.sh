#!/usr/bin/env bash
# A number between 0 and 1 may be 1.5.
#
# Package: @mlc-ai/web-xgrammar 0.1.27 (npm), the grammar engine inside WebLLM 0.2.86.
# From {"type": "number", "minimum": a, "maximum": b} with integer bounds, the JSON Schema converter
# allows any digits after the point of the maximum and forbids the fractions between -1 and 0: a
# probability may be 1.999999, a latitude 90.5, and -0.5 cannot be written.
# Expected: JSON Schema 2020-12, validation, section 6.2: no value above the maximum. PyPI's
# xgrammar 0.2.9, from the same project, refuses 1.5.
# Instead: validate the parsed value, or write the range as EBNF.
. "$(dirname "$0")/lib.sh"

web_xgrammar 0.1.27
seen=$(xgrammar_run <<'JS'
import { schema } from "./xgrammar.mjs";
await schema({ type: "number", minimum: 0, maximum: 1 }, ["0.5", "1", "1.5", "1.999999", "2"]);
await schema({ type: "number", minimum: -1, maximum: 1 }, ["-1", "-0.5", "-1.5", "0.5"]);
await schema({ type: "number", minimum: -90, maximum: 90 }, ["90.5", "-90.5", "-0.5", "91"]);
JS
)
finding "web-xgrammar 0.1.27" \
  "the upper bound of a number lets fractions above it through; -0.5 cannot be written" "$seen" <<'SEEN'
{"type":"number","minimum":0,"maximum":1}
  0.5: accepted
  1: accepted
  1.5: accepted
  1.999999: accepted
  2: refused
{"type":"number","minimum":-1,"maximum":1}
  -1: accepted
  -0.5: refused
  -1.5: accepted
  0.5: accepted
{"type":"number","minimum":-90,"maximum":90}
  90.5: accepted
  -90.5: accepted
  -0.5: refused
  91: refused
SEEN
