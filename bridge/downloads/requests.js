/** Reads queries about the files of models. */

import { invalidRequest } from "../errors.js";

/** @import { LoadRequest } from "../requests.js" */
/** @import { ModelRecord } from "../types.js" */

/** @typedef {"files.cached" | "files.delete" | "files.download" | "files.persist" | "files.storage" | "files.verify"} FileQueryKind */

/**
 * @typedef {{ kind: "files.storage" | "files.persist" }
 *   | { kind: "files.cached", records: ModelRecord[] }
 *   | { kind: "files.delete", records: ModelRecord[], id: string | undefined }
 *   | { kind: "files.download" | "files.verify", model: LoadRequest, repair: boolean }} FileQuery
 */

/** @type {string[]} */
export const FILE_QUERIES = /** @type {FileQueryKind[]} */ ([
  "files.cached", "files.delete", "files.download", "files.persist", "files.storage", "files.verify",
]);

/**
 * @param {FileQueryKind} kind @param {Record<string, unknown>} fields
 * @param {(fields: Record<string, unknown>) => LoadRequest} readModel
 * @returns {FileQuery}
 */
export function readFileQuery(kind, fields, readModel) {
  if (kind === "files.storage" || kind === "files.persist") return { kind };
  if (kind === "files.download" || kind === "files.verify") {
    return { kind, model: readModel(fields), repair: fields["repair"] !== false };
  }
  const { records = [], id } = fields;
  if (!Array.isArray(records)) throw invalidRequest("records must be an array of model records");
  if (kind === "files.cached") return { kind, records };
  if (id !== undefined && typeof id !== "string") throw invalidRequest("id must be the ID of a stored model");
  return { kind, records, id };
}
