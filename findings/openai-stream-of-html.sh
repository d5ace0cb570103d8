#!/usr/bin/env bash
# A wrong base_url gives an empty stream, or a string instead of a completion, and no error.
#
# Packages: openai 3.57.0 with httpx2 2.16.2 (PyPI).
# Local servers with a user interface answer unknown paths with that page and status 200, for example
# when "/v1" is missing in base_url. With stream=True the stream then ends without a chunk; without it
# create() returns the page as a str. A JSON error with status 200 also gives an empty stream. The
# content type is not checked in either case.
# Expected: an openai.APIError; the README says that all errors of the library inherit from it.
# Instead: treat an empty stream as an error and check isinstance(answer, ChatCompletion).
. "$(dirname "$0")/lib.sh"

pip_install openai==3.57.0 httpx2==2.16.2
seen=$(py_run <<'PY'
import httpx2, openai

def client(**answer):
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, **answer))
    return openai.OpenAI(
        api_key="none", base_url="http://127.0.0.1", http_client=httpx2.Client(transport=transport)
    )

request = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}
answers = {
    "a web page": {"html": "<html></html>"},
    "an error": {"json": {"error": {"message": "no model"}}},
}
for name, answer in answers.items():
    create = client(**answer).chat.completions.create
    print(name, "as a stream:", list(create(stream=True, **request)))
    print(name, "at once:", type(create(**request)).__name__)
PY
)
finding "openai 3.57.0, httpx2 2.16.2" \
  "status 200 with another content type is an empty stream, or a str" "$seen" <<'SEEN'
a web page as a stream: []
a web page at once: str
an error as a stream: []
an error at once: ChatCompletion
SEEN
