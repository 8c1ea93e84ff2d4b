/** Lets what concerns the same thing happen one after the other. */
export class InTurn {
  readonly #underWay = new Map<string, Promise<void>>();

  /** Waits until nothing with this key is under way, then carries it out. */
  async run<T>(key: string, act: () => T | Promise<T>): Promise<T> {
    for (let other = this.#underWay.get(key); other; other = this.#underWay.get(key)) await other;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay.set(key, promise);
    try {
      return await act();
    } finally {
      this.#underWay.delete(key);
      resolve();
    }
  }
}
