/** The bytes that tokens stand for, as vocabularies write them. */

/** How byte-level BPE vocabularies write bytes: visible Latin-1 characters as they are, all others from U+0100 on. */
export const BYTES = (() => {
  let next = 0x100;
  const isVisible = (/** @type {number} */ byte) => /[!-~\u00A1-\u00AC\u00AE-\u00FF]/.test(String.fromCharCode(byte));
  const written = (/** @type {number} */ byte) => String.fromCharCode(isVisible(byte) ? byte : next++);
  return new Map(Array.from({ length: 256 }, (_, byte) => [written(byte), byte]));
})();

const ENCODER = new TextEncoder();

/** @param {string} token @returns {number | undefined} the byte that a token of a vocabulary with byte fallback stands for */
export function fallbackByte(token) {
  const byte = /^<0x([0-9A-F]{2})>$/i.exec(token)?.[1];
  return byte === undefined ? undefined : Number.parseInt(byte, 16);
}

/**
 * @param {string} token
 * @param {string} method how the vocabulary writes tokens: "byte_level", "byte_fallback" or "raw"
 * @returns {ArrayLike<number>}
 */
export function bytesOfToken(token, method) {
  if (method === "byte_level") {
    const bytes = Array.from(token, (character) => BYTES.get(character) ?? -1);
    if (!bytes.includes(-1)) return bytes;
  }
  if (method === "byte_fallback") {
    const byte = fallbackByte(token);
    return byte === undefined ? ENCODER.encode(token.replaceAll("\u2581", " ")) : [byte];
  }
  return ENCODER.encode(token);
}
