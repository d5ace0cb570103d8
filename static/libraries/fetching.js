/**
 * Gets an address outside this site that the visitor has allowed.
 *
 * The page's policy lets the page itself connect to this site alone. `fetch_worker.js` is a worker from the
 * network, which a page's policy does not reach; it is started for one address that the visitor has read and
 * allowed, and ends with it.
 */

const SECONDS = 30;

/**
 * Return the text at an address as JSON: `{"text": …}` or `{"problem": …, "detail": …}`.
 * @param {string} address
 */
export function readAddress(address) {
  const worker = new Worker(new URL("fetch_worker.js", document.baseURI));
  return new Promise((resolve) => {
    /** @param {object} found */
    const end = (found) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(JSON.stringify(found));
    };
    const timer = setTimeout(() => end({ problem: "late" }), SECONDS * 1000);
    worker.addEventListener("message", ({ data }) => end(data));
    worker.addEventListener("error", () => end({ problem: "worker" }));
    worker.postMessage(address);
  });
}
