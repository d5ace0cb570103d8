/** The page as the shared worker sees it: a Web Lock that is released when the page ends. */

/** @import { Environment } from "../environment.js" */

/** @typedef {NonNullable<Environment["locks"]>} Locks */

/** The locks that pages hold, by their lock managers: one in a browser, one for each page of a test. @type {WeakMap<Locks, PageLock>} */
const held = new WeakMap();

class PageLock {
  name = `pywebllm-page:${crypto.randomUUID()}`;
  /** @type {() => void} */
  release = () => {};
  /** @type {Promise<void>} */
  granted;

  /** @param {Locks} locks */
  constructor(locks) {
    const released = new Promise((resolve) => (this.release = () => resolve(undefined)));
    this.granted = new Promise((resolve, reject) => {
      const hold = () => {
        resolve();
        return released;
      };
      locks.request(this.name, hold).catch(reject);
    });
  }
}

/** @param {Locks} locks @returns {Promise<string>} the name of the lock, when this page holds it */
export async function holdPageLock(locks) {
  const lock = held.get(locks) ?? new PageLock(locks);
  held.set(locks, lock);
  await lock.granted;
  return lock.name;
}

/** The page is left. If the browser shows it again, it is another page to the worker. @param {Environment["locks"]} locks */
export function releasePageLock(locks) {
  if (!locks) return;
  held.get(locks)?.release();
  held.delete(locks);
}
