# Sourced by each script of this folder; every script runs on its own, from any directory.
# Sets $work, a temporary folder that is removed when the script ends, and defines the functions below.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# npm_install NAME@VERSION …: into $work, so that a module in $work can import them.
npm_install() {
  npm install --prefix "$work" --no-save --no-audit --no-fund --ignore-scripts --loglevel=error "$@" >/dev/null
}

# pip_install NAME==VERSION …: into a virtual environment in $work.
pip_install() {
  [ -d "$work/venv" ] || python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -qq --disable-pip-version-check "$@"
}

# pyodide_wheels NAME==VERSION …: wheels for Pyodide 314, which is Python 3.14, into $work/wheels.
pyodide_wheels() {
  [ -d "$work/venv" ] || python3 -m venv "$work/venv"
  "$work/venv/bin/pip" download -qq --disable-pip-version-check --no-deps --dest "$work/wheels" \
    --python-version 3.14 --only-binary=:all: "$@"
}

# node_run and py_run: run the program given on standard input, in $work.
node_run() { cat >"$work/main.mjs" && (cd "$work" && node main.mjs); }
py_run() { cat >"$work/main.py" && (cd "$work" && venv/bin/python main.py); }

# web_xgrammar VERSION: @mlc-ai/web-xgrammar declares itself an ES module but ships a UMD bundle
# that calls require(), which Node runs only under the extension .cjs. Writes $work/xgrammar.mjs: schema(S, texts) and
# ebnf(G, texts) print what is accepted. xgrammar_run drops the library's own log lines.
web_xgrammar() {
  npm_install "@mlc-ai/web-xgrammar@$1"
  cp "$work/node_modules/@mlc-ai/web-xgrammar/lib/index.js" "$work/xgrammar.cjs"
  cat >"$work/xgrammar.mjs" <<'JS'
import xgrammar from "./xgrammar.cjs";
const { Grammar, Testings } = xgrammar;
async function check(grammar, texts) {
  for (const text of texts)
    console.log(`  ${text}: ${(await Testings.isGrammarAcceptString(grammar, text)) ? "accepted" : "refused"}`);
}
export async function schema(value, texts) {
  console.log(JSON.stringify(value));
  await check(await Grammar.fromJSONSchema(JSON.stringify(value)), texts);
}
export async function ebnf(source, texts) {
  console.log(source);
  await check(await Grammar.fromEBNF(source), texts);
}
JS
}

xgrammar_run() { node_run | grep -v '^\[WARNING\]'; }

# chat_templates VARIABLES: renders each line of standard input by Python's jinja2, set up as
# transformers sets it up for chat templates, and by @huggingface/jinja; VARIABLES is JSON.
chat_templates() {
  local templates
  templates=$(cat)
  pip_install jinja2==3.1.6
  npm_install @huggingface/jinja@0.5.11
  cat >"$work/render.py" <<'PY'
import json, sys
from jinja2.sandbox import ImmutableSandboxedEnvironment

environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
)
variables = json.loads(sys.argv[1])
for line in sys.argv[2].splitlines():
    print(json.dumps(environment.from_string(line).render(**variables)))
PY
  cat >"$work/render.mjs" <<'JS'
import { Template } from "@huggingface/jinja";
const variables = JSON.parse(process.argv[2]);
for (const line of process.argv[3].split("\n"))
  console.log(JSON.stringify(new Template(line).render(variables)));
JS
  paste -d '\n' <(printf '%s\n' "$templates") \
    <("$work/venv/bin/python" "$work/render.py" "$1" "$templates" | sed 's/^/  jinja2:             /') \
    <(node "$work/render.mjs" "$1" "$templates" | sed 's/^/  @huggingface\/jinja: /')
}

# both_tokenizers TEXT …: runs the Python program on standard input, which makes a `tokenizer`, and prints
# the tokens of each text in Python, and those of the same tokenizer.json in JavaScript.
both_tokenizers() {
  pip_install tokenizers==0.23.3
  npm_install @huggingface/tokenizers@0.2.0
  cat - <(cat <<'PY'
import sys
tokenizer.save("tokenizer.json")
print("Python:")
for text in sys.argv[1:]:
    print(tokenizer.encode(text).tokens)
PY
  ) >"$work/tokens.py"
  cat >"$work/tokens.mjs" <<'JS'
import fs from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
const tokenizer = new Tokenizer(JSON.parse(fs.readFileSync("tokenizer.json")), {});
console.log("JavaScript:");
for (const text of process.argv.slice(2)) console.log(tokenizer.encode(text).tokens);
JS
  (cd "$work" && venv/bin/python tokens.py "$@" && node tokens.mjs "$@")
}

# finding VERSIONS BEHAVIOR SEEN: compares SEEN with the recorded output on standard input, then
# prints all three, or prints the difference and exits with status 1.
finding() {
  local expected
  expected=$(cat)
  if [ "$3" != "$expected" ]; then
    printf 'CHANGED: %s no longer behaves as recorded.\n' "$1" >&2
    diff <(printf '%s\n' "$expected") <(printf '%s\n' "$3") >&2 || true
    exit 1
  fi
  printf 'versions: %s\nbehavior: %s\nseen:\n' "$1" "$2"
  printf '%s\n' "$3" | sed 's/^/  /'
}
