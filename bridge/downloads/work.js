/** Work with the files of a model that takes long: downloads and checks. It runs in a worker, or where the bridge is. */

import { downloadModel } from "./model_download.js";
import { verifyModel } from "./verification.js";

/** @import { ModelRecord } from "../types.js" */
/** @import { Progress, Site } from "./model_download.js" */

/** @typedef {{ kind: "download" | "verify", record: ModelRecord, repair: boolean }} FileWork */

/**
 * @param {FileWork} work @param {Site} site
 * @param {(progress: Progress) => void} report @param {AbortSignal} signal
 * @returns {Promise<object>} what was found
 */
export async function doFileWork({ kind, record, repair }, site, report, signal) {
  if (kind === "verify") return verifyModel(record, repair, site, report, signal);
  await downloadModel(record, site, report, signal);
  return {};
}
