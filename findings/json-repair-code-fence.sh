#!/usr/bin/env bash
# A string that begins with ```json loses its beginning when the JSON around it is repaired.
#
# Packages: json_repair 0.64.6 and jiter 0.19.0 (PyPI).
# Text that is not complete JSON, such as an answer cut off by a token limit, is read by the repairing
# parser. In it a string value that begins with a Markdown block of JSON (```json, then the escaped
# line break) loses the fence and the backslash, so that the "n" of "\n" is its first letter. The string
# itself is closed and correct; other languages, and a block after some text, are kept. stream_stable
# makes no difference.
# Expected: the string as it stands. The README promises that repairing does not destroy the content,
# and jiter, which reads incomplete JSON too, keeps it.
# Instead: read incomplete JSON by jiter or pydantic_core.from_json(), in their partial modes.
. "$(dirname "$0")/lib.sh"

pip_install json_repair==0.64.6 jiter==0.19.0
seen=$(py_run <<'PY'
import json, jiter, json_repair

for text in ["```json\n[1, 2]\n```", "```js\nlet a\n```", "So:\n```json\n[1, 2]\n```"]:
    answer = json.dumps({"text": text})[:-1]  # without the closing brace
    print(answer)
    print("  json_repair:               ", json_repair.loads(answer))
    print("  json_repair, stream_stable:", json_repair.loads(answer, stream_stable=True))
    print("  jiter:                     ", jiter.from_json(answer.encode(), partial_mode="on"))
PY
)
finding "json_repair 0.64.6, jiter 0.19.0" \
  "the fence is removed from a string that begins with a block of JSON" "$seen" <<'SEEN'
{"text": "```json\n[1, 2]\n```"
  json_repair:                {'text': 'n[1, 2]\n```'}
  json_repair, stream_stable: {'text': 'n[1, 2]\n```'}
  jiter:                      {'text': '```json\n[1, 2]\n```'}
{"text": "```js\nlet a\n```"
  json_repair:                {'text': '```js\nlet a\n```'}
  json_repair, stream_stable: {'text': '```js\nlet a\n```'}
  jiter:                      {'text': '```js\nlet a\n```'}
{"text": "So:\n```json\n[1, 2]\n```"
  json_repair:                {'text': 'So:\n```json\n[1, 2]\n```'}
  json_repair, stream_stable: {'text': 'So:\n```json\n[1, 2]\n```'}
  jiter:                      {'text': 'So:\n```json\n[1, 2]\n```'}
SEEN
