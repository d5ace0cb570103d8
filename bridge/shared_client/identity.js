/**
 * Which pages share engines: those with the same files. A page of another version of the bridge or of
 * WebLLM finds a SharedWorker of another name.
 */

import { SHARED_NAME } from "./protocol.js";

/** @import { Config } from "../requests.js" */

/** Identifies the files: rollup replaces it by a checksum of the bundle and the version of WebLLM. */
const BUILD = "source";

/** @param {Config} config @returns {string} equal for pages that share engines */
export function identityOf({ workerUrl, webllmUrl }) {
  return [SHARED_NAME, BUILD, lasting(workerUrl), lasting(webllmUrl)].join(" ");
}

/** The `blob:` URL of a file in the wheel is another one in each page. @param {string} url */
export function isBlob(url) {
  return url.startsWith("blob:");
}

/** @param {string} url */
function lasting(url) {
  return isBlob(url) ? "" : url;
}
