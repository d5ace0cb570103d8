/** The service worker of the page: started, and a new version of the page offered to the visitor, never forced. */

/** A setting of the visitor, see `app/page/privacy`: "1" to isolate the page from other origins. */
export const ISOLATED = "pywebllm-isolated";

/** Say to the service worker which waits that it may take over. */
const TAKE_OVER = "take over";

/**
 * Start the service worker.
 * @param {string} root the folder of the site, whose pages it serves
 * @returns {Promise<unknown>} true if this browser keeps the page's files
 */
export async function keepFiles(root) {
  const workers = navigator.serviceWorker;
  if (!workers) return false;
  const wasControlled = workers.controller !== null;
  const registration = await workers.register(addressOf(root), { scope: root, updateViaCache: "none" });
  // Some tools let the call succeed and start nothing.
  if (!registration) return false;
  watch(registration, wasControlled);
  return Promise.race([workers.ready.then(() => true), isRefused(registration)]);
}

/** Resolves with false when the files could not be fetched. @param {ServiceWorkerRegistration} registration */
function isRefused({ installing }) {
  return new Promise((resolve) => {
    installing?.addEventListener("statechange", () => {
      if (installing.state === "redundant") resolve(false);
    });
  });
}

/**
 * Let the visitor choose whether pages are isolated from other origins, which gives llama.cpp threads.
 * @param {string} root as for {@link keepFiles}
 */
export function offerIsolation(root) {
  const choice = document.getElementById("privacy-isolated");
  if (!(choice instanceof HTMLInputElement)) return;
  choice.checked = localStorage.getItem(ISOLATED) === "1";
  choice.disabled = !navigator.serviceWorker;
  choice.addEventListener("change", () => {
    if (choice.checked) localStorage.setItem(ISOLATED, "1");
    else localStorage.removeItem(ISOLATED);
    keepFiles(root).catch((error) => console.info(`The choice does not take effect: ${error}`));
  });
}

/** @param {string} root */
function addressOf(root) {
  const address = new URL("service_worker.js", root);
  if (localStorage.getItem(ISOLATED) === "1") address.searchParams.set("isolated", "");
  return address;
}

/** @param {ServiceWorkerRegistration} registration @param {boolean} wasControlled */
function watch(registration, wasControlled) {
  if (registration.waiting && wasControlled) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const { installing } = registration;
    installing?.addEventListener("statechange", () => {
      // On a first visit nothing was there before.
      if (installing.state === "installed" && navigator.serviceWorker.controller) offer(installing);
    });
  });
  let isFirst = !wasControlled;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    // Another tab has taken the new version.
    if (!isFirst) offer(undefined);
    isFirst = false;
  });
}

/** @param {ServiceWorker | undefined} waiting undefined if the new version is there already */
function offer(waiting) {
  const offered = document.getElementById("update");
  const reload = document.getElementById("update-reload");
  if (!offered || !reload) return;
  offered.hidden = false;
  reload.onclick = () => {
    if (!waiting || waiting.state === "activated") return location.reload();
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    return waiting.postMessage(TAKE_OVER);
  };
}
