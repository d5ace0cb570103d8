/**
 * MD5 (RFC 1321), of data that arrives in pieces. `tensor-cache.json` has MD5 checksums of the
 * weights, and WebCrypto has no MD5. It detects damaged downloads, not attackers.
 */

const BLOCK = 64;

/** The rotations of the four rounds. */
const SHIFTS = Uint8Array.from(
  [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]].flatMap((round) => [round, round, round, round].flat()),
);

/** Which word of a block each step takes. */
const WORDS = Uint8Array.from({ length: 64 }, (_, step) => {
  const [factor, offset] = [[1, 0], [5, 1], [3, 5], [7, 0]][step >> 4] ?? [];
  return (Number(factor) * step + Number(offset)) % 16;
});

const CONSTANTS = Int32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32));

/** What each step of a block adds. */
const sums = new Int32Array(64);

export class Md5 {
  #state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  #words = new Int32Array(16);
  #rest = new Uint8Array(BLOCK);
  #restLength = 0;
  #length = 0;

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.#length += bytes.length;
    let start = 0;
    if (this.#restLength > 0) {
      start = Math.min(BLOCK - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, start), this.#restLength);
      this.#restLength += start;
      if (this.#restLength < BLOCK) return;
      this.#restLength = 0;
      this.#block(viewOf(this.#rest), 0);
    }
    const view = viewOf(bytes);
    for (; start + BLOCK <= bytes.length; start += BLOCK) this.#block(view, start);
    this.#rest.set(bytes.subarray(start));
    this.#restLength = bytes.length - start;
  }

  /** @returns {string} 32 lowercase hexadecimal digits; nothing can be added afterwards */
  hex() {
    const end = new Uint8Array(BLOCK * 2);
    end.set(this.#rest.subarray(0, this.#restLength));
    end[this.#restLength] = 0x80;
    const size = this.#restLength < BLOCK - 8 ? BLOCK : BLOCK * 2;
    const view = viewOf(end);
    view.setBigUint64(size - 8, BigInt(this.#length) * 8n, true);
    for (let start = 0; start < size; start += BLOCK) this.#block(view, start);
    const bytes = new DataView(new ArrayBuffer(16));
    this.#state.forEach((word, index) => bytes.setInt32(index * 4, word, true));
    return [...new Uint8Array(bytes.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** @param {DataView} view @param {number} start */
  #block(view, start) {
    for (let index = 0; index < 16; index += 1) this.#words[index] = view.getInt32(start + index * 4, true);
    mix(this.#state, this.#words);
  }
}

/** @param {Uint8Array} bytes */
function viewOf({ buffer, byteOffset, byteLength }) {
  return new DataView(buffer, byteOffset, byteLength);
}

/**
 * Plain variables and a loop for each round: one loop with a choice in each step takes longer, and
 * arrays that are taken apart in each step five times as long.
 * @param {Int32Array} state @param {Int32Array} words
 */
function mix(state, words) {
  for (let step = 0; step < 64; step += 1) {
    sums[step] = /** @type {number} */ (CONSTANTS[step]) + /** @type {number} */ (words[/** @type {number} */ (WORDS[step])]);
  }
  let a = /** @type {number} */ (state[0]);
  let b = /** @type {number} */ (state[1]);
  let c = /** @type {number} */ (state[2]);
  let d = /** @type {number} */ (state[3]);
  let step = 0;
  for (; step < 16; step += 1) {
    const sum = (a + ((b & c) | (~b & d)) + /** @type {number} */ (sums[step])) | 0;
    const shift = /** @type {number} */ (SHIFTS[step]);
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  for (; step < 32; step += 1) {
    const sum = (a + ((d & b) | (~d & c)) + /** @type {number} */ (sums[step])) | 0;
    const shift = /** @type {number} */ (SHIFTS[step]);
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  for (; step < 48; step += 1) {
    const sum = (a + (b ^ c ^ d) + /** @type {number} */ (sums[step])) | 0;
    const shift = /** @type {number} */ (SHIFTS[step]);
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  for (; step < 64; step += 1) {
    const sum = (a + (c ^ (b | ~d)) + /** @type {number} */ (sums[step])) | 0;
    const shift = /** @type {number} */ (SHIFTS[step]);
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0] = a + /** @type {number} */ (state[0]);
  state[1] = b + /** @type {number} */ (state[1]);
  state[2] = c + /** @type {number} */ (state[2]);
  state[3] = d + /** @type {number} */ (state[3]);
}
