/**
 * Starts Python in the page, and reports when it does not start.
 *
 * A classic script, so that it also runs where modules do not: in a file opened from disk. Python
 * shows that it runs by changing the page's state from "starting"; from then on Python alone
 * reports the state.
 */

const DEADLINE_SECONDS = 60;

/** The texts of this script in the page's language. @type {Record<string, string>} */
const TEXTS = JSON.parse(element("start-texts").textContent);

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no element "${id}"`);
  return found;
}

/**
 * Return a text with its `{reason}` filled in.
 * @param {string} key
 */
function text(key, reason = "") {
  return (TEXTS[key] ?? key).replace("{reason}", () => reason);
}

/**
 * Report that Python did not start; does nothing once it has.
 * @param {string} key What happened; the text "KEY.advice" says what to do about it.
 */
function fail(key, reason = "") {
  if (document.body.dataset["state"] !== "starting") return;
  document.body.dataset["state"] = "failed";
  element("status").textContent = text("failed");
  element("problem-what").textContent = text(key, reason);
  element("problem-advice").textContent = text(`${key}.advice`);
  const again = element("again");
  again.textContent = text("reload");
  again.addEventListener("click", () => location.reload());
  again.hidden = false;
  element("problem").hidden = false;
}

/** @param {unknown} reason */
function failWith(reason) {
  fail("missing", reason instanceof Error ? reason.message : String(reason));
}

/** Show the view that the address names, before Python is there; the first one for an unknown address. */
function showView() {
  const links = [...document.querySelectorAll(".top nav a, footer a[href^='#/']")];
  const found = links.find((link) => link.getAttribute("href") === `#/${viewOf(location.href)}`) ?? links[0];
  const view = found?.getAttribute("href")?.slice(2) ?? "";
  for (const link of links) {
    if (link === found) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const part of document.querySelectorAll("[data-view]")) {
    if (part instanceof HTMLElement) part.hidden = !part.dataset["view"]?.split(" ").includes(view);
  }
  // The page in another language shows the same.
  for (const link of document.querySelectorAll("a[hreflang]")) {
    if (link instanceof HTMLAnchorElement) Object.assign(link, { search: location.search, hash: location.hash });
  }
}

/** The view in an address; what follows its name belongs to the view: "#/chat/12". @param {string} address */
function viewOf(address) {
  return new URL(address).hash.split("/")[1] ?? "";
}

/** Report why Python cannot load: index.html has begun it, and PyScript takes it over later. */
function watchPython() {
  const python = "./start/python.js";
  import(python).catch(failWith);
}

/** Without these Python does not start; of others, such as the engine, Python says what is missing. */
const NEEDED = /\/(app\.zip|vendor\/(pyodide|pyscript)\/[^/]+|start\/[^/]+)$/;

/** Pyodide 314 waits indefinitely when a file of its own is missing: detect that here. */
function watchDownloads() {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const status = entry instanceof PerformanceResourceTiming ? entry.responseStatus : 0;
      if (status >= 400 && NEEDED.test(new URL(entry.name).pathname)) failWith(`${entry.name}: HTTP status ${status}`);
    }
  }).observe({ type: "resource", buffered: true });
}

/**
 * Return whether this browser may keep databases. Without, PyScript 0.7.31 never runs a script, and reports nothing:
 * so it is in Chrome with all cookies blocked.
 */
async function mayKeepDatabases() {
  try {
    await indexedDB.databases?.();
    return true;
  } catch {
    return false;
  }
}

/** Load the model while Python starts, or while its modules are imported. */
async function startEngine() {
  // As below for PyScript.
  const python = "./start/python.js";
  const { enginesTurn, endEnginesTurn } = await import(python);
  await enginesTurn;
  const engine = "./start/engine.js";
  try {
    const { begin } = await import(engine);
    begin(JSON.parse(element("early-requests").textContent), new URLSearchParams(location.search).get("engine"));
  } finally {
    endEnginesTurn();
  }
}

/** Keep for the next visit what makes it faster, and possible without a network. */
async function prepareNextVisit() {
  const later = "./start/later.js";
  await import(later);
}

/** Show what was kept of visits before, which needs no Python. */
async function showKept() {
  const kept = "./start/kept.js";
  await (await import(kept)).showKept();
}

/** PyScript keeps its databases open; without this they could not be deleted while the page is open. */
function letDatabasesGo() {
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...options) {
    const request = open.apply(this, options);
    request.addEventListener("success", () => {
      request.result.addEventListener("versionchange", () => request.result.close());
    });
    return request;
  };
}

async function startPython() {
  // A variable, because the file is added when the site is built: tsc cannot resolve it.
  const pyscript = "./vendor/pyscript/core.js";
  const { hooks } = await import(pyscript);
  // PyScript 0.7.31 evaluates strings as code for its workers as soon as a worker hook is set, and
  // sets one itself. The page has no such worker, and its Content-Security-Policy forbids eval.
  hooks.worker.onBeforeRunAsync.clear();
  const script = document.createElement("script");
  script.type = "py";
  script.textContent = "import main\nawait main.start()";
  script.addEventListener("py:done", () => fail("ended"));
  document.body.append(script);
}

showView();
addEventListener("hashchange", ({ oldURL, newURL }) => {
  showView();
  // Another view begins at its top; an address within a view is that view's.
  if (viewOf(oldURL) !== viewOf(newURL)) scrollTo(0, 0);
});

if (location.protocol === "file:") {
  fail("file");
} else {
  addEventListener("error", (event) => failWith(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => failWith(event.reason));
  watchDownloads();
  letDatabasesGo();
  setTimeout(() => fail("late"), DEADLINE_SECONDS * 1000);
  watchPython();
  // Asked here, so that the start does not wait for the answer.
  const mayKeep = mayKeepDatabases();
  // The rest after the first frame, so that the page is painted first; a hidden page has no frames.
  const start = async () => {
    if (!(await mayKeep)) return fail("storage");
    startPython().catch(failWith);
    // Python imports the engine too, and reports what goes wrong.
    startEngine().catch((error) => console.info(error));
    showKept().catch((error) => console.info(error));
    prepareNextVisit().catch((error) => console.info(error));
  };
  if (document.hidden) start();
  else requestAnimationFrame(start);
}
