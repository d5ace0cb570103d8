#!/usr/bin/env bash
# In Pyodide the connect timeout of httpx2 runs until the server answers.
#
# Packages: httpx2 2.16.2 and httpx2-jsfetch 1.0 (PyPI), in pyodide 314.0.7 (npm) and in CPython.
# fetch() does not report when a connection is established, so the transport applies the connect
# timeout to the whole wait for the response head. The openai SDK sets connect to 5 s and everything
# else to 600 s: a local model that reads a long prompt for 6 s before its first token works from
# CPython and raises ConnectTimeout in a page, after two more attempts.
# Expected: httpx2 documents connect as the time to establish a socket; waiting for the answer is read.
# Instead: pass one number, such as timeout=600, to the client in a page, or make connect as long as read.
. "$(dirname "$0")/lib.sh"

npm_install pyodide@314.0.7
pip_install httpx2==2.16.2
pyodide_wheels httpx2==2.16.2 httpx2-jsfetch==1.0 idna==3.20
# A server on 127.0.0.1 that takes 1.5 s to answer; the same request from both, connect=0.5, read=30.
cat >"$work/ask.py" <<'PY'
import httpx2

async def ask(url, **limits):
    try:
        async with httpx2.AsyncClient(timeout=httpx2.Timeout(30, **limits)) as client:
            return (await client.get(url)).text
    except httpx2.TimeoutException as error:
        return type(error).__name__
PY
seen=$(node_run <<'JS'
import { execFile } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import { promisify } from "node:util";
import { loadPyodide } from "pyodide";

const server = http.createServer((_request, response) => setTimeout(() => response.end("answered"), 1500));
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const url = `http://127.0.0.1:${server.address().port}/`;

const script = `import asyncio, ask; print(asyncio.run(ask.ask("${url}", connect=0.5)))`;
const { stdout } = await promisify(execFile)("venv/bin/python", ["-c", script]);
console.log("CPython, connect=0.5:", stdout.trim());

const pyodide = await loadPyodide();
for (const name of fs.readdirSync("wheels"))
  pyodide.unpackArchive(new Uint8Array(fs.readFileSync(`wheels/${name}`)), "wheel");
const ask = fs.readFileSync("ask.py", "utf8");
for (const limits of ["connect=0.5", "connect=30"])
  console.log(`Pyodide, ${limits}:`, await pyodide.runPythonAsync(`${ask}\nawait ask("${url}", ${limits})`));
server.close();
JS
)
finding "httpx2-jsfetch 1.0, httpx2 2.16.2 in pyodide 314.0.7" \
  "ConnectTimeout while a connected server is working on its answer" "$seen" <<'SEEN'
CPython, connect=0.5: answered
Pyodide, connect=0.5: ConnectTimeout
Pyodide, connect=30: answered
SEEN
