import { get } from "node:http";
import { connect } from "node:net";

export interface HealthPlan {
  readonly host: string;
  readonly port: number;
  /** Asked for by HTTP; absent: a connection will do. */
  readonly path?: string;
  readonly isGood?: (status: number) => boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many good or bad answers in a row change a target's state; its first good one makes it healthy, as at most clouds. */
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

export interface Health {
  readonly state: "starting" | "healthy" | "unhealthy";
  readonly why?: string;
}

interface Watch {
  plan: () => HealthPlan | string;
  health: Health;
  /** Answers in a row that were other than the state. */
  others: number;
  timer?: NodeJS.Timeout;
}

const unreachableRetryMs = 1_000;

/** Looks at targets over and over, each at its own pace. */
export class HealthChecks {
  readonly #watches = new Map<string, Watch>();

  get(key: string): Health {
    return this.#watches.get(key)?.health ?? { state: "starting" };
  }

  /** Looks at exactly these targets from now on. A plan is asked for before each look: a word instead of one says why the
   *  target can't be reached at all. */
  watch(wanted: ReadonlyMap<string, Watch["plan"]>): void {
    for (const [key, { timer }] of [...this.#watches]) {
      if (wanted.has(key)) continue;
      clearTimeout(timer);
      this.#watches.delete(key);
    }
    for (const [key, plan] of wanted) {
      const known = this.#watches.get(key);
      if (known) known.plan = plan;
      else {
        const watch: Watch = { plan, health: { state: "starting" }, others: 0 };
        this.#watches.set(key, watch);
        void this.#look(key, watch);
      }
    }
  }

  close(): void {
    this.watch(new Map());
  }

  async #look(key: string, watch: Watch): Promise<void> {
    const plan = watch.plan();
    const wrong = typeof plan === "string" ? plan : await probe(plan);
    if (this.#watches.get(key) !== watch) return;
    note(watch, wrong, typeof plan === "string" ? { healthyAfter: 1, unhealthyAfter: 1 } : plan);
    const pauseMs = typeof plan === "string" ? unreachableRetryMs : plan.intervalMs;
    watch.timer = setTimeout(() => void this.#look(key, watch), pauseMs).unref();
  }
}

function note(
  watch: Watch,
  wrong: string | undefined,
  plan: Pick<HealthPlan, "healthyAfter" | "unhealthyAfter">,
): void {
  const state = wrong === undefined ? "healthy" : "unhealthy";
  const why = wrong === undefined ? {} : { why: wrong };
  if (watch.health.state === state) {
    watch.others = 0;
    watch.health = { state, ...why };
    return;
  }
  watch.others += 1;
  const first = watch.health.state === "starting" && state === "healthy";
  if (!first && watch.others < (state === "healthy" ? plan.healthyAfter : plan.unhealthyAfter)) return;
  watch.others = 0;
  watch.health = { state, ...why };
}

/** What is wrong with it; undefined when nothing is. */
function probe({
  host,
  port,
  path,
  timeoutMs,
  isGood = (status) => status < 400,
}: HealthPlan): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (path === undefined) {
      const socket = connect({ host, port });
      const end = (wrong: string | undefined): void => {
        socket.destroy();
        resolve(wrong);
      };
      socket.setTimeout(timeoutMs, () => end("no answer in time"));
      socket.once("connect", () => end(undefined));
      socket.once("error", (error) => end(error.message));
      return;
    }
    const asked = get({ host, port, path, agent: false, timeout: timeoutMs }, (answer) => {
      answer.resume();
      const status = answer.statusCode ?? 0;
      resolve(isGood(status) ? undefined : `status ${status}`);
      asked.destroy();
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.once("error", (error) => resolve(error.message));
  });
}
