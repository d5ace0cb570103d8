/**
 * Chooses the compiled library of a model: WebLLM's records name one, but kernels that are fast on a
 * real GPU are slow on one that is emulated by a CPU, and the other way around.
 */

/** @import { ModelRecord } from "./types.js" */

/** As `checkSupport` describes it. @typedef {{ fallback: boolean }} Adapter */

/**
 * @param {ModelRecord & { gpu_model_lib?: string }} record whose two libraries read the same weights
 * @param {Adapter | undefined} adapter that of the engine; undefined if the worker did not describe it
 * @returns {ModelRecord} what WebLLM gets
 */
export function libraryFor({ gpu_model_lib, ...record }, adapter) {
  return gpu_model_lib === undefined || isEmulated(adapter) ? record : { ...record, model_lib: gpu_model_lib };
}

/** Whether a CPU emulates the GPU. @param {Adapter | undefined} adapter */
export function isEmulated(adapter) {
  return adapter?.fallback ?? true;
}
