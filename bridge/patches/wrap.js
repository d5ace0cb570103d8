/** How patches replace methods of WebLLM's objects. */

/** @import { ModelRecord } from "../types.js" */

/**
 * Replace a method of an object. Methods that call each other see the replacement too.
 * @param {any} object @param {string} name
 * @param {(original: (...args: any[]) => any, ...args: any[]) => unknown} replacement gets the original, then the arguments
 */
export function wrap(object, name, replacement) {
  const method = object[name];
  const original = (/** @type {any[]} */ ...args) => method.apply(object, args);
  object[name] = (/** @type {any[]} */ ...args) => replacement(original, ...args);
}

/**
 * Replace what loads a model.
 * @param {any} engine
 * @param {(reload: () => Promise<unknown>, record: ModelRecord) => unknown} replacement gets what loads it, and its record
 */
export function wrapReload(engine, replacement) {
  wrap(engine, "reloadInternal", (reload, id, ...rest) => {
    const record = engine.appConfig.model_list.find((/** @type {ModelRecord} */ { model_id }) => model_id === id);
    return replacement(() => reload(id, ...rest), record);
  });
}
