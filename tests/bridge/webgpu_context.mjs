/** WebLLM's own class that uses the GPU, of the version that package.json pins, on a device that logs. */

import { source } from "./pipeline.mjs";

const USAGE = { STORAGE: 1, UNIFORM: 2, COPY_DST: 4, COPY_SRC: 8, MAP_READ: 16 };
Object.assign(globalThis, { GPUBufferUsage: USAGE, GPUShaderStage: { COMPUTE: 1 }, GPUMapMode: { READ: 1 } });

/** WebLLM's own class that encodes kernels, of the pinned version. */
const [text] = /^\t\t {4}class WebGPUContext \{[^]*?\n\t\t {4}\}\n/m.exec(source) ?? [];
const WebGPUContext = new Function(`
  const __awaiter = (self, args, _, generator) => {
    const steps = generator.apply(self, args);
    const advance = async (value) => {
      const step = steps.next(value);
      return step.done ? step.value : advance(await step.value);
    };
    return advance();
  };
  const assert = (condition, message) => { if (!condition) throw new Error(message); };
  const tryCreateBuffer = (device, descriptor) => device.createBuffer(descriptor);
  const roundUpToFourBytes = (bytes) => Math.ceil(bytes / 4) * 4;
  const validateWebGPUCopyOffset = () => {};
  return ${text};
`)();

/** What reaches the GPU, in order. */
export class Device {
  /** @type {string[]} */
  log = [];
  groups = 0;
  queue = {
    submit: () => this.log.push("submit"),
    onSubmittedWorkDone: async () => void this.log.push("wait"),
    writeBuffer: (/** @type {any} */ { name }, /** @type {number} */ _, /** @type {any} */ data) =>
      this.log.push(`write ${name} ${data instanceof ArrayBuffer ? new Int32Array(data).join(" ") : "bytes"}`),
  };
  #buffers = 0;

  createBuffer(/** @type {any} */ descriptor) {
    this.#buffers += 1;
    return { ...descriptor, name: `b${this.#buffers}`, destroy() {} };
  }

  createBindGroup(/** @type {any} */ { entries }) {
    this.groups += 1;
    return entries.map((/** @type {any} */ { resource }) => resource.buffer.name).join();
  }

  createCommandEncoder() {
    return {
      copyBufferToBuffer: (/** @type {any} */ from, /** @type {number} */ _, /** @type {any} */ to) => this.log.push(`copy ${from.name} ${to.name}`),
      finish: () => this.log.push("finish"),
      beginComputePass: () => {
        this.log.push("begin");
        let pipeline = "", group = "";
        return {
          setPipeline: (/** @type {string} */ set) => (pipeline = set),
          setBindGroup: (/** @type {number} */ _, /** @type {string} */ set) => (group = set),
          dispatchWorkgroups: (/** @type {number} */ x) => this.log.push(`${pipeline}(${group}) x ${x}`),
          end: () => this.log.push("end"),
        };
      },
    };
  }

  destroy = () => {};
  createBindGroupLayout = (/** @type {any} */ _) => ({});
  createPipelineLayout = (/** @type {any} */ _) => ({});
  createShaderModule = (/** @type {any} */ _) => ({});
  createComputePipeline = (/** @type {any} */ { compute }) => compute.entryPoint;
}

/** WebLLM's context on a device, and a kernel `k(in, out, n)` of it. */
export function contextOn(/** @type {Device} */ device) {
  const context = new WebGPUContext({}, device);
  const launch_param_tags = ["paramWriteAccess:[0,1]", "blockIdx.x", "threadIdx.x"];
  const kernel = context.createShader({ name: "k", arg_types: ["handle", "handle", "int32"], launch_param_tags }, "");
  const [a, b] = [context.deviceAllocDataSpace(16), context.deviceAllocDataSpace(16)];
  return { context, a, b, run: (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ n) => kernel(from, to, n, 3, 64) };
}
