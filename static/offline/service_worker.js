/**
 * Keeps the files of the page in this browser, so that it starts without a network. `site_files/offline.py`
 * bundles it and fills in the list of files, so each version of the site has a worker of its own.
 *
 * A new version is fetched beside the old one, and waits until the visitor takes it or no page is open. The
 * weights of models are not kept here: the engine has a cache of its own. What few visits need (llama.cpp, the
 * documentation, wheels) is kept once it was fetched.
 */

import { clientsClaim } from "workbox-core";
import { PrecacheController, PrecacheRoute } from "workbox-precaching";
import { registerRoute } from "workbox-routing";
import { CacheFirst, StaleWhileRevalidate } from "workbox-strategies";

/** @type {any} */
const worker = globalThis;

/** The files of this version. @type {{ url: string, revision: string, integrity: string }[]} */
const FILES = worker.__FILES;
/** @type {string} */
const VERSION = worker.__VERSION;

/** What the names of our caches begin with; `app/page/privacy` lists them. */
const PREFIX = "pywebllm-site-";
const FETCHED = `${PREFIX}fetched-${VERSION}`;

/** Whether pages are to be isolated from other origins, which gives llama.cpp threads; the page says so in this address. */
const ISOLATES = new URL(worker.location.href).searchParams.has("isolated");
/** What needs the headers of isolation. */
const ISOLATED = new Set(["document", "iframe", "worker"]);

/** A file that the browser has already is not fetched twice: the host says by its tag whether it is the same. */
const revalidation = {
  /** @param {{ request: Request }} fetched */
  requestWillFetch: async ({ request }) => new Request(request, { cache: "no-cache" }),
};

const isolation = {
  /** @param {{ request: Request, response: Response }} answer */
  handlerWillRespond: async ({ request, response }) => (ISOLATES && ISOLATED.has(request.destination) ? isolated(response) : response),
};

/** https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-isolation @param {Response} response */
function isolated(response) {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  // Downloads from hosts that know nothing of isolation go on, without cookies.
  headers.set("Cross-Origin-Embedder-Policy", "credentialless");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** @param {URL} url @returns {string} the path below the site's own; empty for another origin or folder */
function pathOf(url) {
  const { scope } = worker.registration;
  return url.href.startsWith(scope) ? url.href.slice(scope.length).replace(/[?#].*/, "") : "";
}

/** @param {{ request: Request, url: URL }} options `request` asks whether a file is there, as the page does for llama.cpp */
async function answerHead({ request, url }) {
  const found = await caches.match(url.href, { cacheName: FETCHED });
  if (found) return new Response(undefined, { headers: found.headers });
  return fetch(request).catch(() => new Response(undefined, { status: 504 }));
}

async function removeFetched() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(`${PREFIX}fetched-`) && name !== FETCHED);
  await Promise.all(old.map((name) => caches.delete(name)));
}

const files = new PrecacheController({ cacheName: `${PREFIX}files`, plugins: [revalidation, isolation] });
files.addToCacheList(FILES);
// What follows "?" in the page's address is for the page.
registerRoute(new PrecacheRoute(files, { ignoreURLParametersMatching: [/.*/] }));
const fetched = { cacheName: FETCHED, plugins: [isolation] };
registerRoute(({ url }) => /^(wllama\/|vendor\/|[^/]+\.whl$)/.test(pathOf(url)), new CacheFirst(fetched));
registerRoute(({ url }) => pathOf(url).startsWith("docs/"), new StaleWhileRevalidate(fetched));
registerRoute(({ url }) => pathOf(url).startsWith("wllama/"), answerHead, "HEAD");

worker.addEventListener("install", files.install);
worker.addEventListener("activate", files.activate);
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(removeFetched()));
worker.addEventListener("message", (/** @type {any} */ { data }) => {
  if (data === "take over") void worker.skipWaiting();
});
clientsClaim();
