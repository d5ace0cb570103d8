/** Types of WebLLM that several modules use. */

/** @typedef {typeof import("@mlc-ai/web-llm")} WebLLM */
/** @typedef {import("@mlc-ai/web-llm").MLCEngine | import("@mlc-ai/web-llm").WebWorkerMLCEngine} Engine */
/** @typedef {import("@mlc-ai/web-llm").ModelRecord} ModelRecord */
/** @typedef {import("@mlc-ai/web-llm").InitProgressReport} InitProgressReport */

export {};
