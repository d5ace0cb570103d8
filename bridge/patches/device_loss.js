/**
 * WebLLM 0.2.86 does not report when its GPU device is lost, and does not expose the device. This
 * patch watches the devices that are created.
 *
 * Guarded by tests/bridge/main_host.test.mjs and worker.test.mjs, and by tests/browser/test_recovery.py.
 */

/**
 * @param {{ prototype: Pick<GPUAdapter, "requestDevice"> } | undefined} adapters
 * @param {(device: GPUDevice) => void} onDevice
 * @returns {() => void} stops watching
 */
export function watchDevices(adapters, onDevice) {
  if (!adapters) return () => {};
  const { requestDevice } = adapters.prototype;
  /** @this {GPUAdapter} @param {GPUDeviceDescriptor} [descriptor] */
  adapters.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    onDevice(device);
    return device;
  };
  return () => {
    adapters.prototype.requestDevice = requestDevice;
  };
}
