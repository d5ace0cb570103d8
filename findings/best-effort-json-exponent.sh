#!/usr/bin/env bash
# In incomplete JSON, a number with an exponent spoils itself and what follows it.
#
# Packages: best-effort-json-parser 1.5.1 and partial-json 0.1.7 (npm).
# parse() reads a number up to its "e". The rest of the number and the next key become one key, or, in
# a list, another item. If the number ends its object, all after that object is dropped. Complete JSON
# is right, since JSON.parse() reads it, so a streamed answer changes its keys with its last character.
# Expected: 1.5e3 is 1500. JSON (RFC 8259) allows exponents, and partial-json reads them.
# Instead: use partial-json, or ask for integers.
. "$(dirname "$0")/lib.sh"

npm_install best-effort-json-parser@1.5.1 partial-json@0.1.7
seen=$(node_run <<'JS'
import * as best from "best-effort-json-parser";
import * as partial from "partial-json";

best.parse.onExtraToken = () => {};
for (const text of [
  '{"price": 1.5e3, "count": 2}',
  '{"price": 1.5e3, "count": 2',
  '[1.5e3, 2',
  '{"item": {"price": 1.5e3}, "count": 2',
]) {
  console.log(text);
  console.log("  best-effort-json-parser:", JSON.stringify(best.parse(text)));
  console.log("  partial-json:           ", JSON.stringify(partial.parse(text)));
}
JS
)
finding "best-effort-json-parser 1.5.1, partial-json 0.1.7" \
  "numbers with an exponent are cut at the e, and what follows is lost or renamed" "$seen" <<'SEEN'
{"price": 1.5e3, "count": 2}
  best-effort-json-parser: {"price":1500,"count":2}
  partial-json:            {"price":1500,"count":2}
{"price": 1.5e3, "count": 2
  best-effort-json-parser: {"price":1.5,"e3, \"count\"":2}
  partial-json:            {"price":1500,"count":2}
[1.5e3, 2
  best-effort-json-parser: [1.5,"e3",2]
  partial-json:            [1500,2]
{"item": {"price": 1.5e3}, "count": 2
  best-effort-json-parser: {"item":{"price":1.5}}
  partial-json:            {"item":{"price":1500},"count":2}
SEEN
