#!/usr/bin/env bash
# The JSON Schema of a Decimal has a pattern that pydantic's own engine cannot compile.
#
# Packages: pydantic 2.12.5 and 2.14.3, llguidance 1.9.1 (PyPI). Pyodide 314.0.7 carries 2.12.5.
# 2.12.5 writes a pattern with a look-ahead. Python's re and JavaScript compile it; the Rust regex
# engine behind Field(pattern=…) and llguidance does not, so a structured-output request with one
# price in it fails. 2.14.3 writes no pattern: the request works, and any string is a valid price.
# Expected: a schema that the library can read back and that refuses what is not a number.
# Instead: Annotated[Decimal, WithJsonSchema({"type": "string", "pattern": …})] without a look-ahead.
. "$(dirname "$0")/lib.sh"

cat >"$work/program.py" <<'PY'
from decimal import Decimal
from typing import Annotated
import llguidance, pydantic

schema = pydantic.TypeAdapter(Decimal).json_schema()
pattern = schema["anyOf"][1].get("pattern")
print(f"pydantic {pydantic.VERSION}: {pattern}")
if pattern:
    try:
        pydantic.TypeAdapter(Annotated[str, pydantic.Field(pattern=pattern)])
    except Exception as error:
        print("  Field(pattern=…):", type(error).__name__, str(error).splitlines()[-1])
grammar = llguidance.LLMatcher.grammar_from_json_schema(schema)
matcher = llguidance.LLMatcher(llguidance.LLTokenizer("byte"), grammar)
print("  llguidance:", matcher.get_error().splitlines()[-1] if matcher.is_error() else "works")
PY
seen=
for version in 2.12.5 2.14.3; do
  pip_install "pydantic==$version" llguidance==1.9.1
  seen+=$("$work/venv/bin/python" "$work/program.py")$'\n'
done
seen=${seen%$'\n'}
finding "pydantic 2.12.5 and 2.14.3, llguidance 1.9.1" \
  "the pattern of a Decimal cannot be compiled by pydantic; the newer release writes none" "$seen" <<'SEEN'
pydantic 2.12.5: ^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$
  Field(pattern=…): SchemaError error: look-around, including look-ahead and look-behind, is not supported
  llguidance: error: look-around, including look-ahead and look-behind, is not supported
pydantic 2.14.3: None
  llguidance: works
SEEN
