/** Checks the files of a model in the caches, byte by byte, and downloads those again that are damaged. */

import { concatenate } from "../bytes.js";
import { expectedFiles } from "../expected_files.js";
import { nameOf } from "../urls.js";
import { CHECKED, DIGEST, digestOf } from "./file_download.js";
import { listFiles, placeOf } from "./file_list.js";
import { unlessUsed } from "./file_lock.js";
import { downloadModel } from "./model_download.js";

/** @import { ModelRecord } from "../types.js" */
/** @import { ModelFile } from "./file_list.js" */
/** @import { Progress, Site } from "./model_download.js" */

/**
 * @typedef {object} Findings
 * @property {number} files how many were checked
 * @property {number} bytes
 * @property {string[]} damaged names of files
 * @property {string[]} missing names of files
 * @property {boolean} repaired whether the damaged and the missing ones were downloaded
 */

/**
 * @param {ModelRecord} record @param {boolean} repair @param {Site} site
 * @param {(progress: Progress) => void} report @param {AbortSignal} signal
 * @returns {Promise<Findings>}
 */
export async function verifyModel(record, repair, site, report, signal) {
  const verification = new Verification(record, site, report, signal);
  /** @type {Findings} */
  let found = await verification.run();
  if (!repair || (found.damaged.length === 0 && found.missing.length === 0)) return found;
  await unlessUsed(site.locks, placeOf(record), () => verification.deleteDamaged());
  await downloadModel(record, site, report, signal);
  if (!verification.isWhole) found = merge(found, await verifyModel(record, true, site, report, signal));
  return { ...found, repaired: true };
}

/** What was found before the list of the files was there, and after. @param {Findings} first @param {Findings} second @returns {Findings} */
function merge(first, second) {
  const damaged = [...new Set([...first.damaged, ...second.damaged])];
  return { ...second, damaged, missing: [...new Set([...first.missing, ...second.missing])] };
}

class Verification {
  /** Whether all files that name others could be read. */
  isWhole = false;
  #record;
  #site;
  #report;
  #signal;
  #expected;
  /** @type {Findings} */
  #found = { files: 0, bytes: 0, damaged: [], missing: [], repaired: false };
  /** @type {ModelFile[]} */
  #damaged = [];
  #total = 0;
  /** @type {Set<string>} */
  #seen = new Set();

  /** @param {ModelRecord} record @param {Site} site @param {(progress: Progress) => void} report @param {AbortSignal} signal */
  constructor(record, site, report, signal) {
    this.#record = record;
    this.#site = site;
    this.#report = report;
    this.#signal = signal;
    this.#expected = expectedFiles(record);
  }

  /** @returns {Promise<Findings>} */
  async run() {
    const { files, isWhole } = await listFiles(this.#record, async (file) => {
      const bytes = await this.#inspect(file, true);
      return bytes && JSON.parse(new TextDecoder().decode(bytes));
    });
    this.isWhole = isWhole;
    this.#total = files.reduce((sum, { nbytes = 0 }) => sum + nbytes, this.#found.bytes);
    for (const file of files) if (!this.#seen.has(file.url)) await this.#inspect(file, false);
    return this.#found;
  }

  async deleteDamaged() {
    for (const { url, cache } of this.#damaged) await (await this.#site.openCache(cache)).delete(url);
  }

  /**
   * @param {ModelFile} file @param {boolean} isRead whether its bytes are needed
   * @returns {Promise<Uint8Array | undefined>} undefined if it is missing or damaged, or not needed
   */
  async #inspect(file, isRead) {
    this.#seen.add(file.url);
    const response = await (await this.#site.openCache(file.cache)).match(file.url);
    if (!response) {
      this.#found.missing.push(nameOf(file.url));
      return undefined;
    }
    this.#found.files += 1;
    const digest = response.headers.get(DIGEST);
    const { problem, bytes } = await this.#check(file, response, isRead || digest !== null);
    if (!problem && (digest === null || (await digestOf(bytes)) === digest)) return isRead ? bytes : undefined;
    this.#found.damaged.push(nameOf(file.url));
    this.#damaged.push(file);
    return undefined;
  }

  /** @param {ModelFile} file @param {Response} response @param {boolean} isKept */
  async #check({ url }, response, isKept) {
    const check = this.#expected.check(url);
    /** @type {Uint8Array[]} */
    const parts = [];
    const { headers, body } = response;
    const reader = body?.getReader();
    let length = 0;
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
      this.#signal.throwIfAborted();
      check.update(part.value);
      if (isKept) parts.push(part.value);
      length += part.value.length;
      this.#progress(url, part.value.length);
    }
    const isWhole = !headers.has(CHECKED) || Number(headers.get("Content-Length") ?? length) === length;
    return { problem: isWhole ? await check.finish() : "it is not complete", bytes: concatenate(parts, isKept ? length : 0) };
  }

  /** @param {string} url @param {number} bytes */
  #progress(url, bytes) {
    this.#found.bytes += bytes;
    const [received, total] = [this.#found.bytes, Math.max(this.#total, this.#found.bytes)];
    this.#report({ phase: "check", received, total, file: nameOf(url), text: `Checking ${nameOf(url)}` });
  }
}
