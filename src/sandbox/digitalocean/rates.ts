import { tooMany } from "./errors.ts";

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** "Rate Limit" of the API reference. */
const perHour = 5_000;
const perMinute = 250;

/** Each request counts for an hour from its own moment on. */
export class Rates {
  readonly #times: number[] = [];

  /** Counts a request and gives the headers of its answer. @throws DigitalOceanError where it is one too many. */
  take(isEnforced: boolean): Readonly<Record<string, string>> {
    const now = Date.now();
    while ((this.#times[0] ?? now) < now - hourMs) this.#times.shift();
    const minuteBegan = this.#times.findIndex((at) => at >= now - minuteMs);
    const inMinute = minuteBegan < 0 ? 0 : this.#times.length - minuteBegan;
    const reset = String(Math.ceil(((this.#times[0] ?? now) + hourMs) / 1_000));
    const headers = { "ratelimit-limit": String(perHour), "ratelimit-reset": reset };
    if (isEnforced && inMinute >= perMinute) {
      const first = this.#times[this.#times.length - perMinute] ?? now;
      const seconds = Math.max(1, Math.ceil((first + minuteMs - now) / 1_000));
      throw tooMany({ ...headers, "ratelimit-remaining": "0", "retry-after": String(seconds) });
    }
    if (isEnforced && this.#times.length >= perHour) throw tooMany({ ...headers, "ratelimit-remaining": "0" });
    this.#times.push(now);
    return { ...headers, "ratelimit-remaining": String(Math.max(0, perHour - this.#times.length)) };
  }
}
