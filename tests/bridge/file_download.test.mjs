import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FileDownload } from "../../bridge/downloads/file_download.js";
import { PARTIAL_CACHE, PartialFile, partialSizes } from "../../bridge/downloads/partial_file.js";
import { ExpectedFiles } from "../../bridge/expected_files.js";
import { World, test } from "./fakes.mjs";
import { RangeServer, ReadingCaches } from "./ranges.mjs";

const FOLDER = "https://models.example/tiny/resolve/v1/";
const URL_ = `${FOLDER}s.bin`;
const TEXT = "0123456789abcdefghij";
const BYTES = new TextEncoder().encode(TEXT);
const STORE = "webllm/model";

/** @param {Uint8Array} bytes */
function md5(bytes) {
  return createHash("md5").update(bytes).digest("hex");
}

/** What a page has, and one file that it downloads. */
class Site {
  server = new RangeServer({ [URL_]: BYTES });
  caches = new ReadingCaches();
  locks = new World().locks;
  /** @type {[number, number][]} */
  bytes = [];
  /** @type {string[]} */
  waits = [];
  stop = new AbortController();
  url = URL_;
  /** The checksum that the list of the weights has. @type {string | undefined} */
  md5sum = md5(BYTES);
  length = BYTES.length;

  /** @param {number[]} [delays] */
  async download(delays = [0, 0]) {
    const expected = new ExpectedFiles({ model_id: "tiny", model: FOLDER, model_lib: `${FOLDER}model.wasm` });
    const records = [{ dataPath: "s.bin", nbytes: this.length, md5sum: this.md5sum }];
    const manifest = expected.check(`${FOLDER}tensor-cache.json`);
    manifest.update(new TextEncoder().encode(JSON.stringify({ records })));
    assert.equal(await manifest.finish(), "");
    const target = {
      url: this.url,
      cache: /** @type {any} */ (await this.caches.open(STORE)),
      partials: /** @type {any} */ (await this.caches.open(PARTIAL_CACHE)),
      check: () => expected.check(this.url),
      hasChecksum: expected.hasChecksum(this.url),
    };
    return new FileDownload(target, {
      fetch: this.server.fetch,
      locks: /** @type {any} */ (this.locks),
      signal: this.stop.signal,
      delays,
      onBytes: (received, announced) => {
        this.bytes.push([received, announced]);
        this.onBytes(received);
      },
      onWait: (text) => this.waits.push(text),
    }).run();
  }

  /** @type {(received: number) => void} */
  onBytes = () => {};

  stored() {
    return this.caches.text(STORE, this.url);
  }

  async partial() {
    return (await partialSizes(/** @type {any} */ (await this.caches.open(PARTIAL_CACHE)))).get(this.url);
  }

  /** Leave the beginning of the file, as a page does that is closed. @param {number} length */
  async interrupted(length) {
    this.server.cuts = [length];
    await assert.rejects(this.download([]), { name: "DownloadError" });
    assert.equal(await this.partial(), length);
    this.server.exchanges = [];
  }
}

test("a file is stored once, and nothing of it is left among the incomplete ones", async () => {
  const site = new Site();
  await site.download();
  assert.equal(await site.stored(), TEXT);
  assert.equal(await site.partial(), undefined);
  await site.download();
  assert.equal(site.server.exchanges.length, 1);
  assert.deepEqual(site.bytes.at(-1), [20, 20]);
});

test("a broken connection is continued inside the file, without a pause for each part", async () => {
  const site = new Site();
  site.server.cuts = [4, 4, 4, 4];
  await site.download([0]);
  assert.equal(await site.stored(), TEXT);
  assert.deepEqual(site.server.ranges, [null, "bytes=4-", "bytes=8-", "bytes=12-", "bytes=16-"]);
});

test("a download that was interrupted is continued by the next one", async () => {
  const site = new Site();
  await site.interrupted(7);
  await site.download();
  assert.equal(await site.stored(), TEXT);
  assert.deepEqual(site.server.ranges, ["bytes=7-"]);
  assert.equal(await site.partial(), undefined);
});

test("a server of another origin that hides where a part begins is believed by the length of the part", async () => {
  const site = new Site();
  site.server.hidesRanges = true;
  await site.interrupted(7);
  await site.download();
  assert.deepEqual(site.server.ranges, ["bytes=7-"]);
  assert.equal(await site.stored(), TEXT);
});

test("a download that is stopped keeps what has arrived", async () => {
  const site = new Site();
  site.server.cuts = [9];
  site.onBytes = (received) => received === 9 && site.stop.abort("a reason that is not an error");
  await assert.rejects(site.download(), { name: "AbortError" });
  assert.equal(await site.partial(), 9);
  site.stop = new AbortController();
  site.onBytes = () => {};
  await site.download();
  assert.equal(await site.stored(), TEXT);
  assert.deepEqual(site.server.ranges, [null, "bytes=9-"]);
});

test("a download that is stopped during a pause ends at once", async () => {
  const site = new Site();
  site.server.refusals = [{ status: 503 }];
  const work = site.download([1000]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  site.stop.abort();
  await assert.rejects(work, { name: "AbortError" });
  assert.match(String(site.waits), /^trying again in \d+ s, because the server answered with HTTP status 503$/);
});

for (const [change, apply] of /** @type {[string, (server: RangeServer) => void][]} */ ([
  ["another entity tag", (server) => (server.etag = '"v2"')],
  ["a server without ranges", (server) => (server.knowsRanges = false)],
  ["a shorter file", (server) => (server.files[URL_] = BYTES.slice(0, 5))],
])) {
  test(`parts of two versions are never put together: ${change}`, async () => {
    const site = new Site();
    site.server.files[URL_] = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRST");
    await site.interrupted(7);
    site.server.files[URL_] = BYTES;
    apply(site.server);
    const file = site.server.files[URL_] ?? BYTES;
    site.length = file.length;
    site.md5sum = undefined;
    await site.download();
    assert.equal(await site.stored(), new TextDecoder().decode(file));
  });
}

test("a file that changed without a sign is fetched again as a whole when its checksum is wrong", async () => {
  const site = new Site();
  site.server.etag = "";
  site.server.files[URL_] = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRST");
  await site.interrupted(7);
  site.server.files[URL_] = BYTES;
  await site.download();
  assert.equal(await site.stored(), TEXT);
  assert.deepEqual(site.server.ranges, ["bytes=7-", null]);
});

for (const [what, headers, etag] of /** @type {[string, Record<string, string>, string][]} */ ([
  ["neither version nor checksum", {}, ""],
  ["a weak entity tag alone", {}, 'W/"v1"'],
  ["compression on the way", { "Content-Encoding": "gzip" }, '"v1"'],
])) {
  test(`a file with ${what} is fetched from its beginning`, async () => {
    const site = new Site();
    Object.assign(site.server, { headers, etag });
    site.md5sum = undefined;
    await site.interrupted(7);
    await site.download();
    assert.equal(await site.stored(), TEXT);
    assert.deepEqual(site.server.ranges, [null]);
  });
}

test("the date of the last change is enough to continue", async () => {
  const site = new Site();
  Object.assign(site.server, { etag: "", headers: { "Last-Modified": "Sun, 01 Nov 2026 00:00:00 GMT" } });
  site.md5sum = undefined;
  await site.interrupted(7);
  await site.download();
  assert.deepEqual(site.server.ranges, ["bytes=7-"]);
  assert.equal(await site.stored(), TEXT);
});

test("a busy server is asked again, and one without the file is not", async () => {
  const site = new Site();
  site.server.refusals = [{ status: 503 }, { status: 429, headers: { "Retry-After": "0" } }];
  await site.download([0, 1000]);
  assert.equal(await site.stored(), TEXT);
  const other = new Site();
  other.server.files = {};
  await assert.rejects(other.download(), /HTTP status 404/);
  assert.equal(other.server.exchanges.length, 1);
});

test("a server that fails each time ends the download with its status", async () => {
  const site = new Site();
  site.server.refusals = Array.from({ length: 9 }, () => ({ status: 500 }));
  await assert.rejects(site.download([0, 0]), { name: "DownloadError", message: /HTTP status 500/ });
  assert.equal(site.server.exchanges.length, 3);
});

/** @type {[string, string, boolean, RegExp][]} */
const UNREACHABLE = [
  ["a server of another origin that cannot be read may have to allow that", "https://page.example", true,
    /must send Access-Control-Allow-Origin \(Failed to fetch\)/],
  ["a server of the page's origin that cannot be reached does not answer", new URL(FOLDER).origin, true, /no answer \(Failed to fetch\)/],
  ["a browser without a network is named as the reason", "https://page.example", false,
    /no answer, and this browser is offline \(Failed to fetch\)/],
];

for (const [name, origin, onLine, message] of UNREACHABLE) {
  test(name, async () => {
    const site = new Site();
    site.server.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    const { navigator } = globalThis;
    Object.defineProperty(globalThis, "location", { value: { origin }, configurable: true });
    Object.defineProperty(globalThis, "navigator", { value: { onLine }, configurable: true });
    try {
      await assert.rejects(site.download([]), { name: "DownloadError", message });
    } finally {
      delete (/** @type {any} */ (globalThis).location);
      Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
    }
  });
}

test("a server that breaks at the same byte each time ends the download", async () => {
  const site = new Site();
  site.server.knowsRanges = false;
  site.server.cuts = Array.from({ length: 9 }, () => 7);
  await assert.rejects(site.download([0, 0]), /the connection broke after 7 bytes/);
  assert.equal(site.server.exchanges.length, 3);
});

test("a wrong file is neither kept nor continued", async () => {
  const site = new Site();
  site.md5sum = md5(new TextEncoder().encode("others"));
  await assert.rejects(site.download(), { name: "IntegrityError" });
  assert.deepEqual([await site.stored(), await site.partial()], [undefined, undefined]);
  await site.interrupted(7);
  await assert.rejects(site.download(), { name: "IntegrityError" });
  assert.deepEqual([await site.stored(), await site.partial()], [undefined, undefined]);
});

test("a full disk is a StorageError, and the bytes that are stored are kept", async () => {
  const site = new Site();
  await site.interrupted(7);
  site.caches.full = STORE;
  await assert.rejects(site.download(), { name: "StorageError", message: /could not store s\.bin .*Quota exceeded/ });
  assert.equal(await site.partial(), 7);
  site.caches.full = undefined;
  await site.download();
  assert.equal(await site.stored(), TEXT);
  assert.deepEqual(site.server.ranges, ["bytes=7-", "bytes=7-"]);
});

test("two tabs download a file once", async () => {
  const [one, other] = [new Site(), new Site()];
  Object.assign(other, { caches: one.caches, locks: one.locks, server: one.server });
  await Promise.all([one.download(), other.download()]);
  assert.equal(one.server.exchanges.length, 1);
});

test("a download without locks works", async () => {
  const site = new Site();
  site.locks = /** @type {any} */ ({ request: async () => { throw new DOMException("no", "SecurityError"); } });
  await site.download();
  assert.equal(await site.stored(), TEXT);
});

test("a gap between parts, which the browser has evicted, ends what is continued", async () => {
  const caches = new ReadingCaches();
  const cache = /** @type {any} */ (await caches.open(PARTIAL_CACHE));
  const partial = await PartialFile.open(cache, URL_);
  await partial.restart({ etag: '"v1"', modified: "", total: 20, encoded: false }, "text/plain");
  for (const part of ["0123", "4567", "89ab"]) {
    await partial.append(new TextEncoder().encode(part));
    await partial.flush();
  }
  await cache.delete(caches.urls(PARTIAL_CACHE)[1]);
  assert.equal((await PartialFile.open(cache, URL_)).length, 4);
  assert.equal(caches.urls(PARTIAL_CACHE).length, 1);
});
