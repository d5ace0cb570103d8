/** The page as the shared worker sees it: a Web Lock that is released when the page ends. */

/** @import { Environment } from "../environment.js" */

/** The names of the locks that pages hold, by their lock managers: one in a browser, one for each test. @type {WeakMap<object, Promise<string>>} */
const pages = new WeakMap();

/**
 * @param {NonNullable<Environment["locks"]>} locks
 * @returns {Promise<string>} the name of the lock, when this page holds it
 */
export function holdPageLock(locks) {
  const held = pages.get(locks) ?? hold(locks, `pywebllm-page:${crypto.randomUUID()}`);
  pages.set(locks, held);
  return held;
}

/** @param {NonNullable<Environment["locks"]>} locks @param {string} name @returns {Promise<string>} */
function hold(locks, name) {
  return new Promise((resolve, reject) => {
    const granted = () => {
      resolve(name);
      return new Promise(() => {});
    };
    locks.request(name, granted).catch(reject);
  });
}
