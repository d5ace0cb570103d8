#!/usr/bin/env bash
# A string constrained by a pattern may be text that is not JSON.
#
# Package: @mlc-ai/web-xgrammar 0.1.27 (npm), the grammar engine inside WebLLM 0.2.86.
# The converter puts quotes around the pattern as it is: a top-level "|" binds looser than they do, so
# a|b requires `"a` or `b"`, and "." or \S match a bare quote, so ^\S+$ accepts `"a"b"`.
# Expected: a grammar from a JSON Schema yields JSON, whatever the pattern. PyPI's xgrammar 0.2.9,
# from the same project, refuses all three.
# Instead: group alternatives, ^(a|b)$, and exclude the quote and the backslash, [^"\\ ]+ for \S+.
. "$(dirname "$0")/lib.sh"

web_xgrammar 0.1.27
seen=$(xgrammar_run <<'JS'
import { schema } from "./xgrammar.mjs";
await schema({ type: "string", pattern: "a|b" }, ['"a"', '"b"', '"a', 'b"']);
await schema({ type: "string", pattern: "^\\S+$" }, ['"a"', '"a"b"']);
await schema({ type: "string", pattern: '^[^"\\\\ ]+$' }, ['"a"', '"a"b"']);
await schema({ type: "string", pattern: "^(a|b)$" }, ['"a"', '"b"', '"a']);
JS
)
finding "web-xgrammar 0.1.27" "a pattern with | or a bare quote yields text that is not JSON" "$seen" <<'SEEN'
{"type":"string","pattern":"a|b"}
  "a": refused
  "b": refused
  "a: accepted
  b": accepted
{"type":"string","pattern":"^\\S+$"}
  "a": accepted
  "a"b": accepted
{"type":"string","pattern":"^[^\"\\\\ ]+$"}
  "a": accepted
  "a"b": refused
{"type":"string","pattern":"^(a|b)$"}
  "a": accepted
  "b": accepted
  "a: refused
SEEN
