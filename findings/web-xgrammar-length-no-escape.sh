#!/usr/bin/env bash
# A string with minLength or maxLength can contain no line break, quotation mark or backslash.
#
# Package: @mlc-ai/web-xgrammar 0.1.27 (npm), the grammars of WebLLM 0.2.86.
# JSON writes these characters as escape sequences. With a length the converter writes the string as
# repeated [^"\\\r\n], which allows no escape sequence, however long the string may be. "minLength": 1,
# which only excludes the empty string, is enough.
# Expected: an escape sequence counts as one character; the length is that of the value, not of its JSON.
# Instead: leave the length out of the schema that constrains, and check it in the parsed value.
. "$(dirname "$0")/lib.sh"

web_xgrammar 0.1.27
seen=$(xgrammar_run <<'JS'
import { schema } from "./xgrammar.mjs";
const texts = ["one line", "two\nlines", 'a "quoted" word', "C:\\temp"].map((text) => JSON.stringify(text));
await schema({ type: "string" }, texts);
await schema({ type: "string", minLength: 1 }, texts);
await schema({ type: "string", maxLength: 100 }, texts);
JS
)
finding "@mlc-ai/web-xgrammar 0.1.27" \
  "with minLength or maxLength a string contains no escape sequence" "$seen" <<'SEEN'
{"type":"string"}
  "one line": accepted
  "two\nlines": accepted
  "a \"quoted\" word": accepted
  "C:\\temp": accepted
{"type":"string","minLength":1}
  "one line": accepted
  "two\nlines": refused
  "a \"quoted\" word": refused
  "C:\\temp": refused
{"type":"string","maxLength":100}
  "one line": accepted
  "two\nlines": refused
  "a \"quoted\" word": refused
  "C:\\temp": refused
SEEN
