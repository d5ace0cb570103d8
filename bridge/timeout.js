/** Deadlines. */

/**
 * Wait for work, but not longer than a deadline.
 * @template T
 * @param {number} seconds
 * @param {Promise<T>} work
 * @returns {Promise<T | undefined>} the result of the work; undefined if it takes longer
 */
export async function withTimeout(seconds, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Promise<undefined>} */
  const expired = new Promise((resolve) => {
    timer = setTimeout(() => resolve(undefined), seconds * 1000);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
