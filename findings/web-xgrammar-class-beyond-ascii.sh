#!/usr/bin/env bash
# A character range beyond ASCII matches nothing that it names, and sometimes an ASCII letter.
#
# Package: @mlc-ai/web-xgrammar 0.1.27 (npm), the grammar engine inside WebLLM 0.2.86.
# In EBNF, [а-я] accepts no Cyrillic letter, [à-ü] no accented one, and [一-龥] no Chinese character
# but the letter "a". Ranges written with escapes (\u0430-\u044f) behave the same.
# Expected: the characters in the range, as for [a-z]; the documentation of Grammar.fromEBNF states no
# limit. PyPI's xgrammar 0.2.9, from the same project, accepts the right ones.
# Instead: use a negated ASCII class, [^\x00-\x7f], for everything beyond ASCII, or an alternation of
# strings ("а" | "б") for single characters; both work.
. "$(dirname "$0")/lib.sh"

web_xgrammar 0.1.27
seen=$(xgrammar_run <<'JS'
import { ebnf } from "./xgrammar.mjs";
await ebnf("root ::= [а-я]+", ["привет", "a"]);
await ebnf("root ::= [à-ü]+", ["é", "ü"]);
await ebnf("root ::= [\\u0430-\\u044f]+", ["привет"]);
await ebnf("root ::= [一-龥]+", ["漢字", "a"]);
await ebnf("root ::= [^\\x00-\\x7f]+", ["привет", "漢字", "a"]);
await ebnf('root ::= ("é" | "ü")+', ["éü", "e"]);
JS
)
finding "web-xgrammar 0.1.27" "ranges beyond ASCII match the wrong characters or none" "$seen" <<'SEEN'
root ::= [а-я]+
  привет: refused
  a: refused
root ::= [à-ü]+
  é: refused
  ü: refused
root ::= [\u0430-\u044f]+
  привет: refused
root ::= [一-龥]+
  漢字: refused
  a: accepted
root ::= [^\x00-\x7f]+
  привет: accepted
  漢字: accepted
  a: refused
root ::= ("é" | "ü")+
  éü: accepted
  e: refused
SEEN
