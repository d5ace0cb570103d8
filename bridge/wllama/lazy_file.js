/**
 * A file whose bytes are made when they are read: the part of `Blob` that wllama 3.13.0 uses. It reads a model one
 * tensor after the other, so the whole of it need never be in memory but as llama.cpp has it.
 */

/**
 * Bytes that are made when they are needed.
 * @typedef {object} LazyBytes
 * @property {number} size
 * @property {(start: number, target: Uint8Array<ArrayBuffer>) => Promise<void>} read fills the target with the bytes from `start` on
 */

/** The bytes that `stream` makes at a time. */
const PIECE = 2 ** 20;

export class LazyFile {
  size;
  type = "";
  #parts;
  #start;

  /** @param {(Uint8Array<ArrayBuffer> | LazyBytes)[]} parts @param {number} [start] @param {number} [end] of all their bytes */
  constructor(parts, start = 0, end = parts.reduce((sum, part) => sum + sizeOf(part), 0)) {
    this.#parts = parts;
    this.#start = start;
    this.size = end - start;
  }

  /** @param {number} [start] @param {number} [end] both not negative */
  slice(start = 0, end = this.size) {
    const from = Math.min(start, this.size);
    return new LazyFile(this.#parts, this.#start + from, this.#start + Math.max(from, Math.min(end, this.size)));
  }

  async arrayBuffer() {
    const bytes = new Uint8Array(this.size);
    const end = this.#start + this.size;
    let offset = 0;
    for (const part of this.#parts) {
      const [from, to] = [Math.max(this.#start, offset), Math.min(end, offset + sizeOf(part))];
      if (from < to) await read(part, from - offset, bytes.subarray(from - this.#start, to - this.#start));
      offset += sizeOf(part);
    }
    return bytes.buffer;
  }

  /** It is not read again: what it is made of need not stay in memory, which wllama keeps it in. */
  release() {
    this.#parts = [];
  }

  async text() {
    return new TextDecoder().decode(await this.arrayBuffer());
  }

  /** How wllama reads where WebAssembly cannot wait for JavaScript. @returns {ReadableStream<Uint8Array>} */
  stream() {
    let start = 0;
    return new ReadableStream({
      pull: async (controller) => {
        if (start >= this.size) return controller.close();
        const piece = await this.slice(start, start + PIECE).arrayBuffer();
        start += piece.byteLength;
        controller.enqueue(new Uint8Array(piece));
      },
    });
  }
}

/** @param {Uint8Array | LazyBytes} part @returns {number} */
export function sizeOf(part) {
  return part instanceof Uint8Array ? part.length : part.size;
}

/** @param {Uint8Array<ArrayBuffer> | LazyBytes} part @param {number} start @param {Uint8Array<ArrayBuffer>} target */
async function read(part, start, target) {
  if (part instanceof Uint8Array) target.set(part.subarray(start, start + target.length));
  else await part.read(start, target);
}
