#!/usr/bin/env bash
# No string satisfies both NaiveDatetime and its JSON Schema.
#
# Packages: pydantic 2.14.3, jsonschema 4.26.0 with rfc3339-validator 0.1.4, llguidance 1.9.1 (PyPI).
# Naive and aware types have the same schema, {"format": "date-time"}, which is RFC 3339 and requires
# an offset. NaiveDatetime refuses every offset. A model that is constrained by the schema can
# therefore write only what validation refuses.
# Expected: a type accepts at least one string that its schema accepts.
# Instead: use datetime and drop the offset in an AfterValidator, or give the field another schema,
# WithJsonSchema({"type": "string", "pattern": …}).
. "$(dirname "$0")/lib.sh"

pip_install pydantic==2.14.3 jsonschema==4.26.0 rfc3339-validator==0.1.4 llguidance==1.9.1
seen=$(py_run <<'PY'
import json
import jsonschema, llguidance, pydantic

naive = pydantic.TypeAdapter(pydantic.NaiveDatetime)
schema = naive.json_schema()
validator = jsonschema.Draft202012Validator(
    schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
tokenizer = llguidance.LLTokenizer("byte")
grammar = llguidance.LLMatcher.grammar_from_json_schema(schema)

def written(text):
    matcher = llguidance.LLMatcher(tokenizer, grammar)
    taken = matcher.try_consume_tokens(tokenizer.tokenize_str(text))
    return taken == len(text) and matcher.is_accepting()

def parsed(text):
    try:
        return bool(naive.validate_json(text))
    except pydantic.ValidationError:
        return False

print(json.dumps(schema))
for value in ["2026-01-02T03:04:05", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+01:00"]:
    text = json.dumps(value)
    print(f"{text} jsonschema {validator.is_valid(value)} llguidance {written(text)} pydantic {parsed(text)}")
PY
)
finding "pydantic 2.14.3, jsonschema 4.26.0, llguidance 1.9.1" \
  "NaiveDatetime accepts only what its own schema refuses" "$seen" <<'SEEN'
{"format": "date-time", "type": "string"}
"2026-01-02T03:04:05" jsonschema False llguidance False pydantic True
"2026-01-02T03:04:05Z" jsonschema True llguidance True pydantic False
"2026-01-02T03:04:05+01:00" jsonschema True llguidance True pydantic False
SEEN
