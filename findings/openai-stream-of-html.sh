#!/usr/bin/env bash
# A wrong base_url gives an empty stream, or a string in place of a completion, and no error.
#
# Packages: openai 3.57.0 with httpx2 2.16.2 (PyPI).
# Local servers answer an address that they do not know with their web page and status 200, as when
# "/v1" is missing in base_url. stream=True then yields nothing and ends; without it create() returns
# the page as a str, and the first ".choices" raises AttributeError. A JSON error with status 200 gives
# an empty stream too. The content type is looked at in neither case.
# Expected: an openai.APIError; README: all errors of the library inherit from it.
# Instead: in a client for servers of any kind, count an empty stream as an error and check
# isinstance(answer, ChatCompletion).
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
for name, answer in {"a web page": {"html": "<html></html>"}, "an error": {"json": {"error": {"message": "no model"}}}}.items():
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
