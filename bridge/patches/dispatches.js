/**
 * For each kernel, WebLLM 0.2.86 begins and ends a compute pass, creates a bind group, and writes the
 * uniforms, although almost all of them are those of the previous token. On a real GPU, that takes
 * longer than most kernels of a small model. With this patch, a GPU device keeps the pass open until
 * something else is encoded, submits the first kernels while others are still encoded, reuses bind
 * groups, and writes uniforms only when they change. The order of all work remains the same.
 * docs/webllm-dispatches.md describes it for WebLLM's authors.
 *
 * Guarded by tests/bridge/patches/dispatches.test.mjs.
 */

/** Bind groups that are kept, before all are dropped: a decode step of a large model needs hundreds. */
const MOST_GROUPS = 8192;

/** Kernels after which they are submitted, so that the GPU starts while WebLLM encodes the others. */
const PART = 48;

/** What ends a compute pass that is open, because it cannot be encoded within one. */
const OUTSIDE_PASSES = /** @type {const} */ ([
  "beginRenderPass", "clearBuffer", "copyBufferToBuffer", "copyBufferToTexture", "copyTextureToBuffer", "copyTextureToTexture",
  "finish", "resolveQuerySet",
]);

/** @param {GPUDevice} device one that was just created, whose methods are replaced */
export function patchDispatches(device) {
  const createCommandEncoder = device.createCommandEncoder?.bind(device);
  device.createCommandEncoder = (descriptor) =>
    encodeInParts(() => createCommandEncoder(descriptor), device.queue);
  reuseBindGroups(device);
  writeChangedUniforms(device.queue);
}

/**
 * Stands for one encoder, and is several, one after the other, of which the last is the one that WebLLM submits.
 * @param {() => GPUCommandEncoder} create @param {GPUQueue} queue
 * @returns {GPUCommandEncoder}
 */
function encodeInParts(create, queue) {
  let encoder = create();
  let kernels = 0;
  /** @type {{ pass: GPUComputePassEncoder, end: () => void } | undefined} */
  let open;
  const endPass = () => {
    open?.end();
    open = undefined;
  };
  const submitPart = () => {
    endPass();
    queue.submit([encoder.finish()]);
    encoder = create();
    kernels = 0;
  };
  const beginComputePass = (/** @type {GPUComputePassDescriptor | undefined} */ descriptor) => {
    // A pass with a descriptor has a label or is timed, and stands for itself.
    if (descriptor) {
      endPass();
      return encoder.beginComputePass(descriptor);
    }
    if (kernels === PART) submitPart();
    kernels += 1;
    open ??= openPass(encoder);
    return open.pass;
  };
  const outside = OUTSIDE_PASSES.map((name) => [name, (/** @type {any[]} */ ...args) => {
    endPass();
    return /** @type {any} */ (encoder)[name](...args);
  }]);
  return /** @type {any} */ ({ beginComputePass, ...Object.fromEntries(outside) });
}

/** A pass that ends when `end` is called, and not when WebLLM ends it. @param {GPUCommandEncoder} encoder */
function openPass(encoder) {
  const pass = encoder.beginComputePass();
  const end = pass.end.bind(pass);
  pass.end = () => {};
  return { pass, end };
}

/**
 * A bind group that is kept, and the one that was asked for after it the last time, which is almost always the next.
 * @typedef {{ descriptor: GPUBindGroupDescriptor, group: GPUBindGroup, next?: Kept }} Kept
 */

/** @param {GPUDevice} device */
function reuseBindGroups(device) {
  const { createBindGroup } = device;
  const number = numbering();
  /** @type {Map<string, Kept>} */
  const groups = new Map();
  /** @type {Kept | undefined} */
  let last;
  const find = (/** @type {GPUBindGroupDescriptor} */ descriptor) => {
    const key = keyOf(descriptor, number);
    if (key === undefined) return undefined;
    // The groups of buffers that are destroyed by now are dropped together with the others.
    if (groups.size >= MOST_GROUPS) groups.clear();
    const kept = groups.get(key) ?? { descriptor, group: createBindGroup.call(device, descriptor) };
    groups.set(key, kept);
    return kept;
  };
  device.createBindGroup = (descriptor) => {
    const expected = last?.next;
    const kept = expected && isSame(expected.descriptor, descriptor) ? expected : find(descriptor);
    if (!kept) return createBindGroup.call(device, descriptor);
    if (last && last.next !== kept) last.next = kept;
    last = kept;
    return kept.group;
  };
}

/** Compare without the string that a map needs. @param {GPUBindGroupDescriptor} one @param {GPUBindGroupDescriptor} other */
function isSame(one, other) {
  const mine = /** @type {any[]} */ (one.entries);
  const others = /** @type {any[]} */ (other.entries);
  if (one.layout !== other.layout || mine.length !== others.length) return false;
  for (let index = 0; index < mine.length; index += 1) {
    const [a, b] = [mine[index], others[index]];
    const [from, to] = [a.resource, b.resource];
    if (a.binding !== b.binding || from.buffer !== to.buffer || from.buffer === undefined) return false;
    if (from.offset !== to.offset || from.size !== to.size) return false;
  }
  return true;
}

/**
 * @param {GPUBindGroupDescriptor} descriptor @param {(object: object) => number} number
 * @returns {string | undefined} undefined if it has anything but buffers, as for rendering
 */
function keyOf({ layout, entries }, number) {
  let key = `${number(layout)}`;
  for (const { binding, resource } of entries) {
    if (!("buffer" in resource)) return undefined;
    const { buffer, offset = 0, size = "" } = resource;
    key += `,${binding}:${number(buffer)}+${offset}/${size}`;
  }
  return key;
}

/** @returns {(object: object) => number} a different number for each object */
function numbering() {
  /** @type {WeakMap<object, number>} */
  const numbers = new WeakMap();
  let last = 0;
  return (object) => {
    let number = numbers.get(object);
    if (number === undefined) {
      last += 1;
      number = last;
      numbers.set(object, number);
    }
    return number;
  };
}

/** @param {GPUQueue} queue */
function writeChangedUniforms(queue) {
  const { writeBuffer } = queue;
  /** What each uniform buffer contains. @type {WeakMap<GPUBuffer, Int32Array>} */
  const contents = new WeakMap();
  queue.writeBuffer = (buffer, offset, data, ...rest) => {
    const isUniform = buffer.usage === (GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    if (isUniform && offset === 0 && data instanceof ArrayBuffer && rest.length === 0) {
      const words = new Int32Array(data);
      const before = contents.get(buffer);
      if (before && startsWith(before, words)) return;
      contents.set(buffer, words.slice());
    } else if (isUniform) {
      contents.delete(buffer);
    }
    writeBuffer.call(queue, buffer, offset, /** @type {ArrayBuffer} */ (data), ...rest);
  };
}

/** @param {Int32Array} before @param {Int32Array} words */
function startsWith(before, words) {
  if (before.length < words.length) return false;
  for (let index = 0; index < words.length; index += 1) {
    if (before[index] !== words[index]) return false;
  }
  return true;
}
