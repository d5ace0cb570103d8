#!/usr/bin/env bash
# With additionalProperties, an optional key takes values that its own schema refuses.
#
# Package: @mlc-ai/web-xgrammar 0.1.27 (npm), the grammars of WebLLM 0.2.86.
# The schema of further keys is offered for every key, also for those that properties declares: an
# age that must be an integer may be a string. A required key is written once by its own schema, and
# may then be repeated with any value, of which JSON.parse() and json.loads() take the last.
# Expected: additionalProperties applies only to keys that properties does not declare, as JSON Schema says.
# Instead: set "additionalProperties": false, and name every key.
. "$(dirname "$0")/lib.sh"

web_xgrammar 0.1.27
seen=$(xgrammar_run <<'JS'
import { schema } from "./xgrammar.mjs";
const properties = { age: { type: "integer" } };
const texts = ['{"age": 36}', '{"age": "old"}', '{"age": 36, "age": "old"}'];
for (const additionalProperties of [false, true, { type: "string" }])
  await schema({ type: "object", properties, additionalProperties }, texts);
await schema({ type: "object", properties, required: ["age"], additionalProperties: true }, texts);
JS
)
finding "@mlc-ai/web-xgrammar 0.1.27" \
  "additionalProperties applies to declared keys too" "$seen" <<'SEEN'
{"type":"object","properties":{"age":{"type":"integer"}},"additionalProperties":false}
  {"age": 36}: accepted
  {"age": "old"}: refused
  {"age": 36, "age": "old"}: refused
{"type":"object","properties":{"age":{"type":"integer"}},"additionalProperties":true}
  {"age": 36}: accepted
  {"age": "old"}: accepted
  {"age": 36, "age": "old"}: accepted
{"type":"object","properties":{"age":{"type":"integer"}},"additionalProperties":{"type":"string"}}
  {"age": 36}: accepted
  {"age": "old"}: accepted
  {"age": 36, "age": "old"}: accepted
{"type":"object","properties":{"age":{"type":"integer"}},"required":["age"],"additionalProperties":true}
  {"age": 36}: accepted
  {"age": "old"}: refused
  {"age": 36, "age": "old"}: accepted
SEEN
