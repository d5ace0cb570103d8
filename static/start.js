/**
 * Starts Python in the page, and reports when it does not start.
 *
 * A classic script, so that it also runs where modules do not: in a file opened from disk. Python
 * shows that it runs by changing the page's state from "starting"; from then on Python alone
 * reports the state.
 */

const DEADLINE_SECONDS = 60;

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no element "${id}"`);
  return found;
}

/**
 * Report that Python did not start; does nothing once it has.
 * @param {string} what
 * @param {string} advice
 */
function fail(what, advice) {
  if (document.body.dataset["state"] !== "starting") return;
  document.body.dataset["state"] = "failed";
  element("status").textContent = "Python did not start.";
  element("problem-what").textContent = what;
  element("problem-advice").textContent = advice;
  const again = element("again");
  again.textContent = "Reload";
  again.addEventListener("click", () => location.reload());
  again.hidden = false;
  element("problem").hidden = false;
}

/** @param {unknown} reason */
function failWith(reason) {
  const text = reason instanceof Error ? reason.message : String(reason);
  fail(
    `Something this page needs did not load or did not run (${text}).`,
    "Reload the page. If that does not help, use a current Chrome, Edge, Firefox or Safari.",
  );
}

/** Show the view that the address names, before Python is there; the first one for an unknown address. */
function showView() {
  const links = [...document.querySelectorAll("nav a")];
  const found = links.find((link) => link.getAttribute("href") === location.hash) ?? links[0];
  const view = found?.getAttribute("href")?.slice(2);
  for (const link of links) {
    if (link === found) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const part of document.querySelectorAll("[data-view]")) {
    if (part instanceof HTMLElement) part.hidden = part.dataset["view"] !== view;
  }
}

/** Fetch files in parallel; otherwise each waits until the one before it has run. */
function preload() {
  for (const href of ["vendor/pyodide/pyodide.mjs", "vendor/pyodide/pyodide.asm.mjs", "webllm_bridge.js"]) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href }));
  }
}

/** Pyodide 314 waits indefinitely when a file of its own is missing: detect that here. */
function watchDownloads() {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const status = entry instanceof PerformanceResourceTiming ? entry.responseStatus : 0;
      if (status >= 400) failWith(`${entry.name}: HTTP status ${status}`);
    }
  }).observe({ type: "resource", buffered: true });
}

async function startPython() {
  preload();
  // A variable, because the file is added when the site is built: tsc cannot resolve it.
  const pyscript = "./vendor/pyscript/core.js";
  const { hooks } = await import(pyscript);
  // PyScript 0.7.31 evaluates strings as code for its workers as soon as a worker hook is set, and
  // sets one itself. The page has no such worker, and its Content-Security-Policy forbids eval.
  hooks.worker.onBeforeRunAsync.clear();
  const script = document.createElement("script");
  script.type = "py";
  script.textContent = "import main\nawait main.start()";
  script.addEventListener("py:done", () =>
    fail("Python ended before the page was ready.", "Reload the page. The browser's console shows the details."),
  );
  document.body.append(script);
}

showView();
addEventListener("hashchange", showView);

if (location.protocol === "file:") {
  fail("This page was opened as a file.", "It needs a web server: run “python3 serve.py”.");
} else {
  addEventListener("error", (event) => failWith(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => failWith(event.reason));
  watchDownloads();
  setTimeout(
    () => fail("Python did not start within a minute.", "Check the connection, then reload the page."),
    DEADLINE_SECONDS * 1000,
  );
  // After the first frame, so that the page is painted first; a hidden page has no frames.
  const start = () => setTimeout(() => startPython().catch(failWith));
  if (document.hidden) start();
  else requestAnimationFrame(start);
}
