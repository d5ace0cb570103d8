/** Garbage collection, which a page cannot ask for. */

/** In bytes. Chromium 156 collects garbage at once where the buffers that are not old have more than 96 MiB. */
const RESERVED = 128 * 2 ** 20;

/**
 * Have the buffers collected that the download and the load of a model have left. They are small objects to the
 * garbage collector, which would keep their memory until the first answer is written, when most memory is used. What
 * is reserved here is not touched, so it takes no memory. `bench.engines` measures the effect.
 */
export function collectGarbage() {
  try {
    // Browsers of before 2024 have no `transfer`, which frees it.
    new ArrayBuffer(RESERVED).transfer?.(0);
  } catch {
    // It cannot be reserved: then the collector runs when it would have.
  }
}
