/** The origin private file system, as far as WebLLM uses it, and its failures. */

const DISK = { full: false };

/** Set whether the disk is full. @param {boolean} full */
export function fill(full) {
  DISK.full = full;
}

/**
 * Give this process a `navigator` with such a file system.
 * @param {(() => Promise<unknown>) | undefined} [getDirectory]
 */
export function provideFiles(getDirectory) {
  const value = { storage: { getDirectory } };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
}

export class Folder {
  /** @type {Map<string, Folder | File>} */
  #entries = new Map();

  /** @param {string} name @param {{ create?: boolean }} [options] */
  async getDirectoryHandle(name, options) {
    return this.#entry(name, options, () => new Folder());
  }

  /** @param {string} name @param {{ create?: boolean }} [options] */
  async getFileHandle(name, options) {
    return this.#entry(name, options, () => new File());
  }

  /** @param {string} name */
  async removeEntry(name) {
    if (!this.#entries.delete(name)) throw new DOMException(`There is no ${name}.`, "NotFoundError");
  }

  async *keys() {
    yield* [...this.#entries.keys()];
  }

  /** @param {string} name @param {{ create?: boolean } | undefined} options @param {() => Folder | File} create */
  #entry(name, options, create) {
    const found = this.#entries.get(name) ?? (options?.create ? create() : undefined);
    if (!found) throw new DOMException(`There is no ${name}.`, "NotFoundError");
    this.#entries.set(name, found);
    return found;
  }
}

class File {
  #bytes = new Uint8Array();
  #locked = false;

  async getFile() {
    const bytes = this.#bytes;
    return { size: bytes.length, arrayBuffer: async () => bytes.slice().buffer };
  }

  /** @param {{ keepExistingData?: boolean }} [options] */
  async createWritable({ keepExistingData = false } = {}) {
    let draft = keepExistingData ? this.#bytes : new Uint8Array();
    let offset = 0;
    return {
      seek: async (/** @type {number} */ position) => (offset = position),
      write: async (/** @type {any} */ data) => {
        if (DISK.full) throw new DOMException("Quota exceeded.", "QuotaExceededError");
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data.buffer ?? data);
        draft = Uint8Array.of(...draft.slice(0, offset), ...bytes);
      },
      abort: async () => {},
      close: async () => (this.#bytes = draft),
    };
  }

  /** What WebLLM uses as a lock where there are no Web Locks. */
  async createSyncAccessHandle() {
    if (this.#locked) throw new DOMException("It is open.", "NoModificationAllowedError");
    this.#locked = true;
    return { close: () => (this.#locked = false) };
  }
}
