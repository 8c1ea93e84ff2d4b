/** Shorter ones could be any part of a sentence. */
const shortestSecret = 8;
/** Leases come and go: one that was not used for as many others as this has long ended. */
const mostSecrets = 2_000;
const hidden = "***";
/** Our own tokens and break-glass secrets, and AWS's key ids, by their looks. */
const knownLooks = /\b(?:nv[a-z]_[A-Za-z0-9_-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16})\b/g;

/** The last thing every line passes: takes out what must not be in it, if anything before failed to. */
export class Scrubber {
  /** In the order in which they were last used. */
  readonly #secrets = new Set<string>();

  /** From now on this value shows up nowhere. */
  remember(secret: string): void {
    if (secret.length < shortestSecret) return;
    // As it looks inside of a JSON text.
    const shown = JSON.stringify(secret).slice(1, -1);
    this.#secrets.delete(shown);
    this.#secrets.add(shown);
    const [oldest] = this.#secrets;
    if (this.#secrets.size > mostSecrets && oldest !== undefined) this.#secrets.delete(oldest);
  }

  clean(line: string): string {
    let cleaned = line;
    for (const secret of this.#secrets) {
      if (cleaned.includes(secret)) cleaned = cleaned.replaceAll(secret, hidden);
    }
    return cleaned.replace(knownLooks, hidden);
  }
}
