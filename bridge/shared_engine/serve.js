/** The SharedWorker that runs the engines of all pages of an origin. `../shared_client/` is the pages' side. */

import { defaultEnvironment } from "../environment.js";
import { SHARED_NAME } from "../shared_client/protocol.js";
import { Client } from "./client.js";
import { SharedModels } from "./models.js";

/** @import { Environment } from "../environment.js" */

/** @typedef {Pick<EventTarget, "addEventListener"> & { name: string, close(): void }} SharedScope */

/** Serve engines if this is a SharedWorker that the bridge has started, and do nothing anywhere else. */
export function startInSharedWorker() {
  const SharedWorkerScope = /** @type {any} */ (globalThis).SharedWorkerGlobalScope;
  const scope = /** @type {SharedScope} */ (/** @type {unknown} */ (globalThis));
  if (SharedWorkerScope && scope instanceof SharedWorkerScope && scope.name.startsWith(`${SHARED_NAME} `)) {
    serveShared(scope, defaultEnvironment());
  }
}

/** @param {SharedScope} scope @param {Environment} environment */
export function serveShared(scope, environment) {
  const lock = holdLock(environment, scope.name);
  const models = new SharedModels(environment, () => void close());
  /** End, unless a page is connecting: pages hold this lock while they do. */
  const close = () => {
    const name = scope.name.replace(/ \d+$/, " connecting");
    return environment.locks?.request(name, { ifAvailable: true }, async (granted) => {
      if (!granted || !models.isUnused) return undefined;
      scope.close();
      // Kept until the worker has ended.
      return new Promise(() => {});
    });
  };
  scope.addEventListener("connect", (event) => {
    const [port] = /** @type {MessageEvent} */ (event).ports;
    if (port) new Client(port, models, { environment, lock });
  });
}

/**
 * Take a lock that is released when this worker ends.
 * @param {Environment} environment @param {string} worker
 * @returns {Promise<string>} its name, when it is held
 */
function holdLock({ locks }, worker) {
  const name = `${worker} ${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    const hold = () => {
      resolve(name);
      return new Promise(() => {});
    };
    void locks?.request(name, hold);
  });
}
