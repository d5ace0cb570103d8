/** Deadlines. */

/** The parts of a deadline that {@link withAwakeTimeout} waits for. */
const PARTS = 4;

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

/**
 * As `withTimeout`, for work that stands still while the page is frozen or the computer sleeps: such a
 * pause, however long, ends one part of the deadline at most.
 * @template T
 * @param {number} seconds
 * @param {Promise<T>} work must not resolve with undefined
 * @returns {Promise<T | undefined>}
 */
export async function withAwakeTimeout(seconds, work) {
  for (let part = 0; part < PARTS; part += 1) {
    const result = await withTimeout(seconds / PARTS, work);
    if (result !== undefined) return result;
  }
  return undefined;
}
