import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import nodeTest from "node:test";
import { Md5 } from "../../bridge/md5.js";

nodeTest("MD5 of pieces of any lengths is that of Node.js", () => {
  for (let length = 0; length < 300; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) % 256);
    const md5 = new Md5();
    for (let start = 0, size = 1; start < length; start += size, size = (size * 5 + length) % 97 || 1) {
      md5.update(bytes.subarray(start, start + size));
    }
    assert.equal(md5.hex(), createHash("md5").update(bytes).digest("hex"), `${length} bytes`);
  }
});
