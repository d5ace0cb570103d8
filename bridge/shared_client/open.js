/** Opens the bridge of a page that wants to share engines: the shared one where the browser can, else a bridge of its own. */

import { Bridge } from "../bridge.js";
import { MixedBridge } from "./mixed_bridge.js";
import { SharedBridge } from "./shared_bridge.js";

/** @import { Environment } from "../environment.js" */
/** @import { Config } from "../requests.js" */

/**
 * @param {Config} config @param {Environment} environment
 * @returns {Promise<Bridge | MixedBridge>}
 */
export async function openShared(config, environment) {
  const { createSharedWorker, locks, localStorage } = environment;
  if (config.thread === "worker" && createSharedWorker && locks && localStorage) {
    const bridge = new SharedBridge(config, environment);
    try {
      await bridge.open();
      return new MixedBridge(bridge, () => new Bridge(config, environment));
    } catch (error) {
      // For example a policy that forbids it, or a bridge of another origin.
      console.info(`The engine is not shared with other pages: ${error}`);
      await bridge.dispose();
    }
  }
  return new Bridge(config, environment);
}
