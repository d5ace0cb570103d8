// A stand-in for `LanguageModel` with the published interface of the Prompt API, which Chromium has and its
// model has not. It answers with what it was given, and keeps what happened in `promptLog`.
{
  const log = { created: [], destroyed: 0, aborted: 0 };
  let state = "downloading";
  const words = (text) => text.split(" ").length;

  class LanguageModel extends EventTarget {
    contextWindow = 50;
    contextUsage = 0;

    static async availability() {
      return state;
    }

    static async create({ initialPrompts = [], monitor, signal, expectedInputs, expectedOutputs }) {
      signal?.throwIfAborted();
      for (const { type } of [...expectedInputs, ...expectedOutputs]) if (type !== "text") throw new DOMException(type, "NotSupportedError");
      if (initialPrompts.slice(1).some(({ role }) => role === "system")) throw new TypeError("system must be first");
      if (state !== "available") {
        const target = new EventTarget();
        monitor?.(target);
        for (const loaded of [0, 0.5, 1]) {
          target.dispatchEvent(new ProgressEvent("downloadprogress", { loaded, total: 1 }));
          await new Promise((resolve) => setTimeout(resolve));
        }
        state = "available";
      }
      const session = new LanguageModel();
      session.history = initialPrompts;
      session.contextUsage = initialPrompts.reduce((sum, { content }) => sum + words(content), 0);
      log.created.push(initialPrompts.map(({ role }) => role).join());
      return session;
    }

    async measureContextUsage(input) {
      return input.reduce((sum, { content }) => sum + words(content), 0);
    }

    promptStreaming(input, { signal, responseConstraint } = {}) {
      const text = input[0].content;
      const size = this.contextUsage + words(text);
      if (size > this.contextWindow) {
        const error = Object.assign(new DOMException("The input is too large.", "QuotaExceededError"), { requested: size, quota: 50 });
        return new ReadableStream({ start: (to) => to.error(error) });
      }
      const answer = responseConstraint ? JSON.stringify({ [responseConstraint.required[0]]: 7 }) : `You said: ${text}. END More.`;
      return new ReadableStream({
        start: (to) => {
          signal?.addEventListener("abort", () => {
            log.aborted += 1;
            to.error(signal.reason);
          });
          if (text === "wait") return;
          this.contextUsage = size + words(answer);
          for (const piece of answer.match(/.{1,5}/g)) to.enqueue(piece);
          to.close();
        },
      });
    }

    destroy() {
      log.destroyed += 1;
    }
  }

  Object.assign(globalThis, { LanguageModel, promptLog: log });
}
