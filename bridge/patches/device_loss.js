/**
 * WebLLM 0.2.86 does not report when its GPU device is lost, and does not expose the device. This
 * patch watches the devices that are created.
 *
 * Guarded by tests/bridge/main_host.test.mjs and worker.test.mjs, device_loss.test.mjs, and by tests/browser/test_recovery.py.
 */

/**
 * Watchers may overlap, and end in any order.
 * @param {{ prototype: Pick<GPUAdapter, "requestDevice"> } | undefined} adapters
 * @param {(device: GPUDevice) => void} onDevice
 * @returns {() => void} stops watching
 */
export function watchDevices(adapters, onDevice) {
  if (!adapters) return () => {};
  const { prototype } = adapters;
  const { requestDevice } = prototype;
  let isWatching = true;
  /** @this {GPUAdapter} @param {GPUDeviceDescriptor} [descriptor] */
  const watched = async function (descriptor) {
    // A device that was requested before the end is seen after it.
    const isSeen = isWatching;
    const device = await requestDevice.call(this, descriptor);
    if (isSeen) onDevice(device);
    return device;
  };
  prototype.requestDevice = watched;
  return () => {
    isWatching = false;
    // Otherwise another watcher has replaced it since, and calls this one.
    if (prototype.requestDevice === watched) prototype.requestDevice = requestDevice;
  };
}
