#!/usr/bin/env bash
# An enum of media types, paths or URLs can be written only with an escaped slash.
#
# Package: @mlc-ai/web-xgrammar 0.1.27 (npm), the grammar engine inside WebLLM 0.2.86.
# In values of "enum" and "const" the converter writes "/" as "\/". Both are the same JSON value, but
# the grammar accepts only the rare spelling, so a model that is about to write "text/html" is forced
# to unusual tokens or to another value of the enum. Slashes in property names are not affected.
# Expected: the plain slash, which json.dumps and JSON.stringify write, and which PyPI's xgrammar
# 0.2.9, from the same project, accepts.
# Instead: send an EBNF grammar, or an enum of names without slashes that the program maps back.
. "$(dirname "$0")/lib.sh"

web_xgrammar 0.1.27
seen=$(xgrammar_run <<'JS'
import { schema } from "./xgrammar.mjs";
await schema({ enum: ["text/html", "other"] }, ['"text/html"', '"text\\/html"', '"other"']);
await schema({ const: "a/b" }, ['"a/b"', '"a\\/b"']);
await schema({ type: "object", properties: { "a/b": { type: "null" } } }, ['{"a/b":null}']);
JS
)
finding "web-xgrammar 0.1.27" 'enum and const refuse "/" and take only "\/"' "$seen" <<'SEEN'
{"enum":["text/html","other"]}
  "text/html": refused
  "text\/html": accepted
  "other": accepted
{"const":"a/b"}
  "a/b": refused
  "a\/b": accepted
{"type":"object","properties":{"a/b":{"type":"null"}}}
  {"a/b":null}: accepted
SEEN
