/**
 * The order in which one model answers the requests of many pages: fair between pages, in order within
 * one, and the next turn of a conversation before a stranger's request, which would replace what the
 * model has cached of it.
 */

/** How many turns of one conversation may follow each other while other pages wait. */
const MAX_TURNS = 4;

/**
 * @typedef {object} Job
 * @property {string} page whose request it is
 * @property {readonly unknown[]} messages of a chat; empty for other requests
 * @property {() => Promise<void>} run never rejects
 */

export class FairQueue {
  /** In the order of their arrival. @type {Job[]} */
  #waiting = [];
  /** When a page was served last, counted in jobs. @type {Map<string, number>} */
  #served = new Map();
  #count = 0;
  /** @type {readonly string[]} the messages that the model has cached, as JSON */
  #conversation = [];
  #turns = 0;
  /** @type {Promise<void> | undefined} */
  #running;
  #onIdle;

  /** @param {() => void} [onIdle] is called when no job runs or waits any more */
  constructor(onIdle = () => {}) {
    this.#onIdle = onIdle;
  }

  /** True while a job runs or waits. */
  get isBusy() {
    return this.#running !== undefined;
  }

  /** @param {Job} job */
  add(job) {
    this.#waiting.push(job);
    this.#running ??= this.#run();
  }

  /** Resolves when no job runs or waits. */
  async idle() {
    while (this.#running) await this.#running;
  }

  async #run() {
    for (let job = this.#take(); job; job = this.#take()) {
      this.#count += 1;
      this.#served.set(job.page, this.#count);
      await job.run();
    }
    this.#running = undefined;
    this.#onIdle();
  }

  #take() {
    const next = this.#nextTurn() ?? this.#fairest();
    if (!next) return undefined;
    this.#waiting = this.#waiting.filter((job) => job !== next);
    this.#turns = this.#continues(next) ? this.#turns + 1 : 0;
    this.#conversation = next.messages.map((message) => JSON.stringify(message));
    return next;
  }

  /** The first job of each page that waits. */
  #candidates() {
    /** @type {Map<string, Job>} */
    const first = new Map();
    for (const job of this.#waiting) if (!first.has(job.page)) first.set(job.page, job);
    return [...first.values()];
  }

  #nextTurn() {
    if (this.#turns >= MAX_TURNS) return undefined;
    return this.#candidates().find((job) => this.#continues(job));
  }

  /** Of the page that has waited longest since it was served. */
  #fairest() {
    const since = (/** @type {Job} */ { page }) => this.#served.get(page) ?? 0;
    return this.#candidates().reduce(
      (best, job) => (best && since(best) <= since(job) ? best : job),
      /** @type {Job | undefined} */ (undefined),
    );
  }

  /** Whether its messages begin with those of the last request. @param {Job} job */
  #continues({ messages }) {
    const cached = this.#conversation;
    return (
      cached.length > 0 &&
      messages.length > cached.length &&
      cached.every((message, index) => message === JSON.stringify(messages[index]))
    );
  }
}
