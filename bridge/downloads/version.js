/** Which version of a file a response belongs to, so that parts of two versions are never put together. */

/**
 * @typedef {object} Version
 * @property {string} etag the entity tag, or ""
 * @property {string} modified the date of the last change, or ""
 * @property {number} total the size of the file in bytes; 0 if unknown
 * @property {boolean} encoded whether it was compressed on the way: positions in it are unknown then
 */

/** @param {Response} response with the whole file @returns {Version} */
export function versionOf({ headers }) {
  return {
    etag: headers.get("ETag") ?? "",
    modified: headers.get("Last-Modified") ?? "",
    total: Number(headers.get("Content-Length") ?? 0),
    encoded: !["", "identity"].includes(headers.get("Content-Encoding") ?? ""),
  };
}

/**
 * Whether a download can be continued by a range of bytes.
 * @param {Version} version @param {boolean} hasChecksum
 */
export function canContinue({ etag, modified, encoded }, hasChecksum) {
  return !encoded && (isStrong(etag) || modified !== "" || hasChecksum);
}

/**
 * The headers of a request for the rest. `If-Range` makes the server decide, but would make a request to
 * another origin one that its server must allow first; there the versions are compared afterwards.
 * @param {string} url @param {Version} version @param {number} start
 * @returns {Record<string, string>}
 */
export function rangeHeaders(url, { etag, modified }, start) {
  const range = { Range: `bytes=${start}-` };
  const validator = isStrong(etag) ? etag : modified;
  return isSameOrigin(url) && validator ? { ...range, "If-Range": validator } : range;
}

/**
 * Whether a response with status 206 is the rest of the same version.
 * @param {Response} response @param {Version} before @param {number} start @param {boolean} hasChecksum
 */
export function isRestOf(response, before, start, hasChecksum) {
  const now = versionOf(response);
  // Another origin may hide Content-Range, but not the length of the part.
  const range = response.headers.get("Content-Range") ?? `bytes ${start}-`;
  const total = Number(/\/(\d+)$/.exec(range)?.[1]) || (now.total > 0 ? start + now.total : 0);
  if (!range.startsWith(`bytes ${start}-`)) return false;
  if (before.total && total && before.total !== total) return false;
  if (before.etag && now.etag) return before.etag === now.etag;
  if (before.modified && now.modified) return before.modified === now.modified;
  return hasChecksum;
}

/** @param {string} etag */
function isStrong(etag) {
  return etag !== "" && !etag.startsWith("W/");
}

/** @param {string} url */
export function isSameOrigin(url) {
  return new URL(url).origin === globalThis.location?.origin;
}
