// Python in a module worker: it may compute for as long as it likes, and the page stays responsive.
import { loadPyodide } from "https://cdn.jsdelivr.net/pyodide/v314.0.7/full/pyodide.mjs";

const PROGRAM = `
from pywebllm import AsyncWebLLM

llm = AsyncWebLLM()

async def write(prompt, progress, text):
    await llm.load(on_progress=lambda it: progress(it.text))
    progress("")
    ask = {"role": "user", "content": prompt}
    async for chunk in await llm.chat.completions.create(messages=[ask], stream=True):
        text(chunk.text)

write
`;

const write = (async () => {
  const pyodide = await loadPyodide({ packages: ["micropip"] });
  await pyodide.pyimport("micropip").install("pywebllm");
  return pyodide.runPythonAsync(PROGRAM);
})();

addEventListener("message", async ({ data }) => {
  try {
    const progress = (line) => postMessage({ progress: line });
    await (await write)(data, progress, (text) => postMessage({ text }));
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
