/**
 * WebLLM 0.2.86 compiles the shaders of a model when all its weights are on the GPU, although a GPU
 * device can do both at once. This patch stores the shaders that a load has compiled, and compiles
 * those of the last load of a model as soon as there is a device. WebLLM gets one of them only if it
 * asks for the same code, entry point and layout.
 *
 * Guarded by tests/bridge/patches/early_shaders.test.mjs.
 */

import { SHADERS_CACHE, shadersKey } from "../downloads/catalog.js";

/** @import { OpenCache } from "../downloads/catalog.js" */
/** @import { ModelRecord } from "../types.js" */

/**
 * What makes a pipeline of WebLLM, which has one bind group and no constants.
 * @typedef {{ code: string, entryPoint: string, entries: GPUBindGroupLayoutEntry[] }} Shader
 */

/** @typedef {Map<string, Promise<GPUComputePipeline | undefined>>} Pipelines by the text of their shaders */

export class EarlyShaders {
  #openCache;
  #record;
  /** @type {Promise<string[]>} */
  #stored;
  /** Those that this load has compiled. @type {Set<string>} */
  #compiled = new Set();

  /** @param {OpenCache} openCache @param {ModelRecord} record */
  constructor(openCache, record) {
    this.#openCache = openCache;
    this.#record = record;
    this.#stored = this.#read();
  }

  /** @param {GPUDevice} device one that was just created, whose methods are replaced */
  watch(device) {
    if (!device.createComputePipelineAsync) return;
    const compile = compilerOf(device);
    const early = this.#stored.then((texts) => compileAll(texts, compile));
    const shaderOf = describePipelines(device);
    const create = device.createComputePipelineAsync.bind(device);
    device.createComputePipelineAsync = async (descriptor) => {
      const shader = shaderOf(descriptor);
      if (!shader) return create(descriptor);
      const text = JSON.stringify(shader);
      const pipeline = await (await early).get(text);
      const found = pipeline ?? (await create(descriptor));
      this.#compiled.add(text);
      return found;
    };
  }

  /** Store the shaders for the next load, unless they are stored. Where nothing can be stored, this does nothing. */
  async store() {
    const texts = [...this.#compiled];
    this.#compiled = new Set();
    try {
      if (texts.length === 0 || sameTexts(await this.#stored, texts)) return;
      const body = JSON.stringify({ library: this.#record.model_lib, shaders: texts });
      await (await this.#openCache(SHADERS_CACHE)).put(shadersKey(this.#record.model_id), new Response(body));
    } catch {
      // The next load compiles them when it comes to them.
    }
  }

  async #read() {
    try {
      const cache = await this.#openCache(SHADERS_CACHE);
      const { library, shaders } = await (await cache.match(shadersKey(this.#record.model_id)))?.json();
      return library === this.#record.model_lib && Array.isArray(shaders) ? shaders : [];
    } catch {
      return [];
    }
  }
}

/** @param {GPUDevice} device @returns {(shader: Shader) => Promise<GPUComputePipeline>} with the device's own methods */
function compilerOf(device) {
  const createGroupLayout = device.createBindGroupLayout.bind(device);
  const createLayout = device.createPipelineLayout.bind(device);
  const createModule = device.createShaderModule.bind(device);
  const createPipeline = device.createComputePipelineAsync.bind(device);
  return async ({ code, entryPoint, entries }) => {
    const layout = createLayout({ bindGroupLayouts: [createGroupLayout({ entries })] });
    return createPipeline({ layout, compute: { module: createModule({ code }), entryPoint } });
  };
}

/** @param {string[]} texts @param {(shader: Shader) => Promise<GPUComputePipeline>} compile @returns {Pipelines} */
function compileAll(texts, compile) {
  return new Map(texts.map((text) => [text, compile(JSON.parse(text)).catch(() => undefined)]));
}

/**
 * Replace a device's methods, so that it is known what its pipelines are made of.
 * @param {GPUDevice} device
 * @returns {(descriptor: GPUComputePipelineDescriptor) => Shader | undefined} undefined for what is not WebLLM's
 */
function describePipelines(device) {
  const [createGroupLayout, createLayout, createModule] =
    [device.createBindGroupLayout.bind(device), device.createPipelineLayout.bind(device), device.createShaderModule.bind(device)];
  /** @type {WeakMap<object, GPUBindGroupLayoutEntry[]>} */
  const entriesOf = new WeakMap();
  /** @type {WeakMap<object, string>} */
  const codes = new WeakMap();
  device.createBindGroupLayout = (descriptor) => {
    const made = createGroupLayout(descriptor);
    entriesOf.set(made, [...descriptor.entries]);
    return made;
  };
  device.createPipelineLayout = (descriptor) => {
    const made = createLayout(descriptor);
    const [only, ...others] = descriptor.bindGroupLayouts;
    const entries = only && others.length === 0 ? entriesOf.get(only) : undefined;
    if (entries) entriesOf.set(made, entries);
    return made;
  };
  device.createShaderModule = (descriptor) => {
    const made = createModule(descriptor);
    codes.set(made, descriptor.code);
    return made;
  };
  return ({ layout, compute: { module, entryPoint, constants } }) => {
    const [code, entries] = [codes.get(module), typeof layout === "object" ? entriesOf.get(layout) : undefined];
    if (code === undefined || !entries || entryPoint === undefined || constants) return undefined;
    return { code, entryPoint, entries };
  };
}

/** @param {string[]} left @param {string[]} right */
function sameTexts(left, right) {
  const known = new Set(left);
  return known.size === right.length && right.every((text) => known.has(text));
}
