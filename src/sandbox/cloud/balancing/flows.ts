/** Connections and requests under way, by the target that they go to. */
export class Flows {
  readonly #open = new Map<string, Set<() => void>>();
  readonly #waiting = new Map<string, (() => void)[]>();

  count(key: string): number {
    return this.#open.get(key)?.size ?? 0;
  }

  /** Notes one, with what ends it by force; what this gives back tells that it is over. */
  begin(key: string, cut: () => void): () => void {
    const flows = this.#open.get(key) ?? new Set();
    const flow = () => cut();
    flows.add(flow);
    this.#open.set(key, flows);
    return () => {
      if (!flows.delete(flow) || flows.size > 0) return;
      this.#open.delete(key);
      for (const tell of this.#waiting.get(key) ?? []) tell();
      this.#waiting.delete(key);
    };
  }

  cut(key: string): void {
    for (const flow of [...(this.#open.get(key) ?? [])]) flow();
  }

  /** Resolves with true when there is none, with false after `withinMs`. */
  async none(key: string, withinMs: number): Promise<boolean> {
    if (this.count(key) === 0) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs).unref();
      const tell = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), tell]);
    });
  }
}
