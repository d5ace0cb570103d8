/**
 * WebLLM 0.2.86 waits for the GPU after each tensor that it copies there, several hundred times in a
 * load. A wait is a round trip to the browser's GPU process, which takes longer than most copies. With
 * this patch, a GPU device to which only data was written waits once for many bytes: the browser keeps
 * a copy of what the GPU has not taken yet. The order of all work remains the same.
 *
 * Guarded by tests/bridge/patches/weight_uploads.test.mjs.
 */

/** How many bytes may wait for the GPU; a file of weights has about as many. */
const MOST_BYTES = 2 ** 25;

/** @param {GPUDevice} device one that was just created, whose methods are replaced */
export function patchWeightUploads(device) {
  const { queue } = device;
  const { submit, writeBuffer, onSubmittedWorkDone } = queue;
  const { destroy } = device;
  /** The bytes written since the last wait. */
  let bytes = 0;
  /** Whether there is something else to wait for. */
  let isMore = false;
  let lastWait = Promise.resolve(undefined);
  queue.writeBuffer = (buffer, offset, data, ...rest) => {
    bytes += data.byteLength;
    writeBuffer.call(queue, buffer, offset, /** @type {ArrayBuffer} */ (data), ...rest);
  };
  queue.submit = (commands) => {
    isMore = true;
    return submit.call(queue, commands);
  };
  device.destroy = () => {
    isMore = true;
    return destroy.call(device);
  };
  queue.onSubmittedWorkDone = () => {
    if (bytes > 0 && bytes < MOST_BYTES && !isMore) return lastWait;
    [bytes, isMore] = [0, false];
    lastWait = onSubmittedWorkDone.call(queue);
    return lastWait;
  };
}
