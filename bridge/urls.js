/** URLs of requests. */

/**
 * `URL.canParse` is younger than WebGPU.
 * @param {string} text @param {string} [base]
 * @returns {string | undefined} the absolute URL; undefined if it cannot be parsed
 */
export function parseUrl(text, base) {
  try {
    return new URL(text, base).href;
  } catch {
    return undefined;
  }
}

/** @param {string} url @returns {string} the last part of its path, the name of a file */
export function nameOf(url) {
  return url.replace(/[?#].*$/, "").replace(/^.*\//, "");
}
