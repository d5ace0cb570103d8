/**
 * The page that `start.py` compares the demo page with: `?python` starts a bare Pyodide, `?engine` the engine
 * by the bridge alone until the first token of the built-in model, `?python&engine` both side by side.
 *
 * The title becomes the milliseconds from the address to each, as JSON.
 */

const wanted = new URLSearchParams(location.search);

async function startPython() {
  const { loadPyodide } = await import("./vendor/pyodide/pyodide.mjs");
  await loadPyodide();
  return performance.now();
}

async function startEngine() {
  const { openBridge } = await import("./webllm_bridge.js");
  const { webllm: model } = await requests();
  for (const key of ["model", "model_lib", "gpu_model_lib"]) model[key] = new URL(model[key], location.href).href;
  const bridge = openBridge(JSON.stringify({ webllmUrl: new URL("webllm.js", location.href).href }));
  await ended(bridge.load(JSON.stringify({ model })));
  const messages = [{ role: "user", content: "Name: Ada\nAge: 36" }];
  const request = { model: model.model_id, messages, stream: true, max_tokens: 4 };
  const answer = bridge.generate(JSON.stringify({ kind: "chat.completions", request }));
  await answer.next();
  const first = performance.now();
  await ended(answer);
  await bridge.dispose();
  return first;
}

/** What the demo page asks of the engine. */
async function requests() {
  const page = new DOMParser().parseFromString(await (await fetch("index.html")).text(), "text/html");
  return JSON.parse(page.getElementById("early-requests").textContent);
}

async function ended(stream) {
  while ((await stream.next()) !== undefined);
}

const [python, engine] = await Promise.all([wanted.has("python") && startPython(), wanted.has("engine") && startEngine()]);
document.title = JSON.stringify({ python, engine });
