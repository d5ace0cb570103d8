/** How patches replace methods of WebLLM's objects. */

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
