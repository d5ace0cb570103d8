/** Arrays of bytes. */

/** @param {Uint8Array[]} parts @param {number} length the sum of their lengths @returns {Uint8Array<ArrayBuffer>} */
export function concatenate(parts, length) {
  const whole = new Uint8Array(length);
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
