import assert from "node:assert/strict";
import { forget } from "../../../bridge/downloads/catalog.js";
import { EarlyShaders } from "../../../bridge/patches/early_shaders.js";
import { FakeCaches, test } from "../fakes.mjs";
import { Device, contextOn } from "../webgpu_context.mjs";

const RECORD = /** @type {any} */ ({ model_id: "tiny", model: "https://a.example/m/", model_lib: "https://a.example/m/model.wasm" });
const KERNELS = ["one", "two"];

/** A device whose pipelines are numbers, and the names of the shaders that it compiles, in order. */
class CompilingDevice extends Device {
  /** @type {string[]} */
  compiled = [];
  fails = false;
  createBindGroupLayout = (/** @type {any} */ descriptor) => ({ ...descriptor });
  createPipelineLayout = (/** @type {any} */ descriptor) => ({ ...descriptor });
  createShaderModule = (/** @type {any} */ descriptor) => ({ ...descriptor });
  createComputePipelineAsync = async (/** @type {any} */ { layout, compute }) => {
    const [{ entries }] = layout.bindGroupLayouts;
    this.compiled.push(`${compute.entryPoint} ${compute.module.code} ${entries.map((/** @type {any} */ { buffer }) => buffer.type)}`);
    if (this.fails) throw new Error("lost");
    return this.compiled.length;
  };
}

/** @param {CompilingDevice} device @param {string} name @param {string} [code] */
async function kernel(device, name, code = `code of ${name}`) {
  const { context } = contextOn(device);
  const launch_param_tags = ["paramWriteAccess:[0,1]", "blockIdx.x", "threadIdx.x"];
  return context.createShaderAsync({ name, arg_types: ["handle", "handle", "int32"], launch_param_tags }, code);
}

/** What a load does; `wait` is called between the device and its shaders. */
class Site {
  caches = new FakeCaches();

  /** @param {CompilingDevice} device @param {{ record?: any, wait?: () => Promise<void>, code?: string }} [more] */
  async load(device, { record = RECORD, wait = async () => {}, code } = {}) {
    const shaders = new EarlyShaders(async (name) => /** @type {any} */ (this.caches.open(name)), record);
    shaders.watch(/** @type {any} */ (device));
    await wait();
    for (const name of KERNELS) await kernel(device, name, code);
    await shaders.store();
    return device.compiled;
  }
}

const ASKED = KERNELS.map((name) => `${name} code of ${name} read-only-storage,storage,uniform`);
const turn = () => new Promise((resolve) => setTimeout(resolve));

test("the shaders of the last load are compiled before WebLLM asks for them, and only once", async () => {
  const site = new Site();
  assert.deepEqual(await site.load(new CompilingDevice()), ASKED);
  const device = new CompilingDevice();
  const wait = async () => {
    await turn();
    assert.deepEqual(device.compiled, ASKED);
  };
  assert.deepEqual(await site.load(device, { wait }), ASKED);
});

test("shaders with other code are compiled when they are asked for, and stored for the next load", async () => {
  const site = new Site();
  await site.load(new CompilingDevice());
  const other = KERNELS.map((name) => `${name} changed read-only-storage,storage,uniform`);
  assert.deepEqual(await site.load(new CompilingDevice(), { code: "changed" }), [...ASKED, ...other]);
  assert.deepEqual(await site.load(new CompilingDevice(), { code: "changed" }), other);
});

test("shaders of another library, or of a model that was deleted, are not compiled early", async () => {
  const site = new Site();
  await site.load(new CompilingDevice());
  const device = new CompilingDevice();
  const wait = async () => {
    await turn();
    assert.deepEqual(device.compiled, []);
  };
  await site.load(device, { wait, record: { ...RECORD, model_lib: "https://a.example/m/model-gpu.wasm" } });
  await forget(async (name) => /** @type {any} */ (site.caches.open(name)), "tiny");
  device.compiled = [];
  await site.load(new CompilingDevice(), { wait });
});

test("an early compilation that fails is made again, and its error is that of the load", async () => {
  const site = new Site();
  await site.load(new CompilingDevice());
  const device = new CompilingDevice();
  device.fails = true;
  await assert.rejects(site.load(device), { message: "lost" });
  assert.deepEqual(device.compiled, [...ASKED, ASKED[0]]);
});

test("where nothing can be stored, shaders are compiled as before", async () => {
  const device = new CompilingDevice();
  const shaders = new EarlyShaders(() => Promise.reject(new Error("no cache")), RECORD);
  shaders.watch(/** @type {any} */ (device));
  await kernel(device, "one");
  await shaders.store();
  assert.deepEqual(device.compiled, ASKED.slice(0, 1));
});
