#!/usr/bin/env bash
# An answer that is valid by the type's own JSON Schema has no tag and is refused.
#
# Packages: pydantic 2.14.3 and 2.12.5, jsonschema 4.26.0, llguidance 1.9.1 (PyPI).
# kind: Literal["cat"] = "cat" is the usual way to write a tag. Its default takes it out of "required",
# so the schema of a union with this discriminator accepts {"lives": 9}, and a grammar made from the
# schema lets a model omit the tag; validation by discriminator needs it and raises.
# Expected: a type accepts what is valid by its schema.
# Instead: kind: Literal["cat"] without a default, or a union without a discriminator.
. "$(dirname "$0")/lib.sh"

cat >"$work/program.py" <<'PY'
import json
from typing import Annotated, Literal
import jsonschema, llguidance, pydantic

class Cat(pydantic.BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int

class Dog(pydantic.BaseModel):
    kind: Literal["dog"] = "dog"
    owner: str

pet = pydantic.TypeAdapter(Annotated[Cat | Dog, pydantic.Field(discriminator="kind")])
schema, text = pet.json_schema(), '{"lives": 9}'
tokenizer = llguidance.LLTokenizer("byte")
grammar = llguidance.LLMatcher.grammar_from_json_schema(schema | {"x-guidance": {"coerce_one_of": True}})
matcher = llguidance.LLMatcher(tokenizer, grammar)
written = matcher.try_consume_tokens(tokenizer.tokenize_str(text)) == len(text) and matcher.is_accepting()
print(f"pydantic {pydantic.VERSION}, {text}")
print("  jsonschema accepts:", jsonschema.Draft202012Validator(schema).is_valid(json.loads(text)))
print("  llguidance lets a model write it:", written)
try:
    print("  pydantic:", pet.validate_json(text))
except pydantic.ValidationError as error:
    print("  pydantic:", error.errors()[0]["type"])
PY
seen=
for version in 2.14.3 2.12.5; do
  pip_install "pydantic==$version" jsonschema==4.26.0 llguidance==1.9.1
  seen+=$("$work/venv/bin/python" "$work/program.py")$'\n'
done
seen=${seen%$'\n'}
finding "pydantic 2.14.3 and 2.12.5, jsonschema 4.26.0, llguidance 1.9.1" \
  "a tag with a default is optional in the schema and required in validation" "$seen" <<'SEEN'
pydantic 2.14.3, {"lives": 9}
  jsonschema accepts: True
  llguidance lets a model write it: True
  pydantic: union_tag_not_found
pydantic 2.12.5, {"lives": 9}
  jsonschema accepts: True
  llguidance lets a model write it: True
  pydantic: union_tag_not_found
SEEN
