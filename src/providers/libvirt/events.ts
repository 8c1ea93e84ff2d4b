import type { EventsFacet, SiteChange } from "../events-facet.ts";
import { toolFailure } from "./errors.ts";
import type { Host } from "./host.ts";

/** `event 'lifecycle' for domain 'name': Started Booted`; names may hold anything. */
const eventLine = /^event '([a-z-]+)' for domain '?(.+?)'?(?:: (.*))?$/;
/** What else changes a VM as the inventory shows it. */
const telling: ReadonlySet<string> = new Set(["lifecycle", "metadata-change", "device-added", "device-removed"]);
/** With the VM its disks come into use, or go out of it. */
const definition = /^(?:Defined|Undefined)\b/;

/** libvirt's domain events, as virsh tells them. After a while another virsh takes over: one whose reader was killed is not
 *  left for ever. */
export class LibvirtEvents implements EventsFacet {
  readonly #host: Pick<Host, "site" | "virsh" | "domains">;
  readonly #listenForSeconds: number;
  /** Of domains by name, as they were seen last. */
  readonly #ids = new Map<string, string>();

  constructor(host: Pick<Host, "site" | "virsh" | "domains">, listenForSeconds = 600) {
    this.#host = host;
    this.#listenForSeconds = listenForSeconds;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly SiteChange[]> {
    const stop = new AbortController();
    const lines: string[] = [];
    let wake: () => void = () => undefined;
    let ended = false;
    const listening = this.#host.virsh.follow(
      ["event", "--all", "--loop", "--timeout", String(this.#listenForSeconds)],
      (line) => {
        lines.push(line);
        wake();
      },
      AbortSignal.any([signal, stop.signal]),
    );
    listening
      .catch(() => undefined)
      .finally(() => {
        ended = true;
        wake();
      });
    try {
      // virsh doesn't say that it listens: it does by the time that two more, begun after it, are through.
      await this.#learn(signal);
      yield [];
      while (!ended || lines.length > 0) {
        if (lines.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        const batch = lines.splice(0);
        const changes = await this.#changesOf(batch, signal);
        if (changes.length > 0) yield changes;
      }
      const { exitCode, stderr } = await listening;
      // When its time is over on a quiet host it says nothing, and ends as if it had failed.
      if (exitCode === 0 || stderr.trim() === "") return;
      throw toolFailure("virsh", stderr, { operation: "listen for events", resource: this.#host.site });
    } finally {
      stop.abort();
      await listening.catch(() => undefined);
    }
  }

  /** The ids of all domains: an event names a domain that may be gone when it is looked up. */
  async #learn(signal: AbortSignal): Promise<void> {
    this.#ids.clear();
    for await (const { name, uuid } of this.#host.domains.list(signal)) this.#ids.set(name, uuid);
  }

  async #changesOf(lines: readonly string[], signal: AbortSignal): Promise<SiteChange[]> {
    const changed = new Map<string, SiteChange>();
    const add = (change: SiteChange) => changed.set(`${change.kind}/${change.resourceId ?? ""}`, change);
    for (const line of lines) {
      const [, event = "", name = "", what = ""] = eventLine.exec(line.trim()) ?? [];
      if (!telling.has(event)) continue;
      // A name that is defined may be another domain's than it was.
      const known = what.startsWith("Defined") ? undefined : this.#ids.get(name);
      const resourceId = known ?? (await this.#lookUp(name, signal));
      if (what.startsWith("Undefined")) this.#ids.delete(name);
      add(resourceId === undefined ? { kind: "vm" } : { kind: "vm", resourceId });
      if (event.startsWith("device-") || definition.test(what)) add({ kind: "volume" });
    }
    return [...changed.values()];
  }

  async #lookUp(name: string, signal: AbortSignal): Promise<string | undefined> {
    const { exitCode, stdout } = await this.#host.virsh.attempt(["domuuid", "--domain", name], signal);
    const uuid = stdout.trim();
    if (exitCode !== 0 || uuid === "") return undefined;
    this.#ids.set(name, uuid);
    return uuid;
  }
}
