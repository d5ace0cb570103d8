// Appended to the bridge: lets the engine's worker break or hang, at once or at the next message it gets.
if (globalThis.DedicatedWorkerGlobalScope && globalThis instanceof DedicatedWorkerGlobalScope) {
  const channel = new BroadcastChannel("faults");
  let next;
  let device;
  let isLost = false;

  const happen = {
    report() {},
    kill: () => self.close(),
    lose() {
      isLost = device === undefined;
      device?.destroy();
    },
    hang() {
      for (;;);
    },
  };

  channel.onmessage = ({ data }) => {
    const [when, fault] = data.split(" ");
    if (when === "now") happen[fault]();
    if (when !== "next") return;
    next = fault;
    channel.postMessage("armed");
  };

  addEventListener("message", () => {
    const fault = next;
    next = undefined;
    if (fault === undefined) return;
    channel.postMessage("begun");
    happen[fault]();
  });

  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...rest) {
    channel.postMessage("loading");
    device = await requestDevice.apply(this, rest);
    if (isLost) device.destroy();
    return device;
  };

  // The memories of all WebAssembly modules, for a test that measures them.
  globalThis.memories = [];
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...rest) => {
    const result = await instantiate.apply(WebAssembly, rest);
    const { exports } = result.instance ?? result;
    if (exports.memory) globalThis.memories.push(exports.memory);
    return result;
  };
}
