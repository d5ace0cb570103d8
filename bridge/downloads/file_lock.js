/** Locks, so that a file is downloaded once at a time, in all tabs of this site. */

/** @typedef {Pick<LockManager, "request"> | undefined} Locks undefined where there are none */

/** How often a download that waits for another tab looks at its progress, in milliseconds. */
const INTERVAL = 500;

/**
 * Do work while no other tab, worker or call downloads the file.
 * @template T
 * @param {Locks} locks @param {string} url
 * @param {{ signal?: AbortSignal | undefined, onWait?: () => unknown }} options `onWait` is called repeatedly while another one has the file
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withFileLock(locks, url, { signal, onWait }, work) {
  const timer = onWait && setInterval(onWait, INTERVAL);
  const stopWaiting = () => clearInterval(timer);
  const granted = () => {
    stopWaiting();
    return work();
  };
  return locked(locks, `pywebllm-file:${url}`, signal ? { signal } : {}, granted).finally(stopWaiting);
}

/**
 * Do work with the files of a model, in turn with a deletion of them.
 * @template T
 * @param {Locks} locks @param {string} folder the URL of the model's folder @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function usingModel(locks, folder, work) {
  return locked(locks, modelLock(folder), { mode: "shared" }, work);
}

/**
 * Do work while nobody loads or downloads a model.
 * @template T
 * @param {Locks} locks @param {string} folder the URL of the model's folder
 * @param {(isFree: boolean) => Promise<T>} work is called with false if somebody does
 * @returns {Promise<T>}
 */
export async function unlessUsed(locks, folder, work) {
  return locked(locks, modelLock(folder), { ifAvailable: true }, (lock) => work(lock !== null));
}

/**
 * Where locks are forbidden, as in a sandboxed frame, the work is done without one.
 * @template T
 * @param {Locks} locks @param {string} name @param {LockOptions} options
 * @param {(lock: Lock | null | undefined) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function locked(locks, name, options, work) {
  /** @type {Promise<T> | undefined} */
  let running;
  try {
    await locks?.request(name, options, (lock) => (running = work(lock)));
  } catch (error) {
    if (!running && !isForbidden(error)) throw error;
  }
  return running ?? work(undefined);
}

/** @param {unknown} error */
function isForbidden(error) {
  return error instanceof DOMException && ["SecurityError", "InvalidStateError"].includes(error.name);
}

/** @param {string} folder */
function modelLock(folder) {
  return `pywebllm-model:${folder}`;
}
