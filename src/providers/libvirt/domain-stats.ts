/** What libvirt counts of a running domain, as `virsh domstats` prints it (virsh(1); virDomainListGetStats). */
export interface DomainCounters {
  /** Of all its CPUs together, since it was started. */
  readonly cpuNs: number;
  readonly cpus: number;
  /** 0 to 1; absent where nobody in the guest tells the balloon, or has not yet. */
  readonly memoryUsed?: number;
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  /** Absent where it has no NIC that the host counts: QEMU's user-mode network is none. */
  readonly receivedBytes?: number;
  readonly sentBytes?: number;
}

/** By the domain's name. */
export function parseDomainStats(text: string): ReadonlyMap<string, DomainCounters> {
  const found = new Map<string, DomainCounters>();
  for (const part of text.split(/^Domain: /m).slice(1)) {
    const [head = "", ...lines] = part.split("\n");
    const name = /^'(.*)'\s*$/.exec(head)?.[1];
    const figures = new Map(
      lines.flatMap((line) => {
        const [, key = "", value = ""] = /^\s*([\w.-]+)=(-?\d+)\s*$/.exec(line) ?? [];
        return key === "" ? [] : [[key, Number(value)] as const];
      }),
    );
    const cpuNs = figures.get("cpu.time");
    const cpus = figures.get("vcpu.current");
    if (name === undefined || cpuNs === undefined || !cpus) continue;
    found.set(name, {
      cpuNs,
      cpus,
      ...present({
        memoryUsed: memoryUsed(figures),
        readBytes: sumOf(figures, /^block\.\d+\.rd\.bytes$/),
        writtenBytes: sumOf(figures, /^block\.\d+\.wr\.bytes$/),
        receivedBytes: sumOf(figures, /^net\.\d+\.rx\.bytes$/),
        sentBytes: sumOf(figures, /^net\.\d+\.tx\.bytes$/),
      }),
    });
  }
  return found;
}

/** What Linux calls available can be had at once; an older guest tells only what is unused. `available` of libvirt is all that
 *  the guest sees as its memory. */
function memoryUsed(figures: ReadonlyMap<string, number>): number | undefined {
  const all = figures.get("balloon.available");
  const free = figures.get("balloon.usable") ?? figures.get("balloon.unused");
  // The balloon's counters are there before the guest has told any.
  if (!all || free === undefined || !figures.get("balloon.last-update")) return undefined;
  return Math.min(1, Math.max(0, 1 - free / all));
}

function sumOf(figures: ReadonlyMap<string, number>, keys: RegExp): number | undefined {
  const found = [...figures].filter(([key]) => keys.test(key)).map(([, value]) => value);
  return found.length === 0 ? undefined : found.reduce((sum, value) => sum + value, 0);
}

type Figures = Omit<DomainCounters, "cpuNs" | "cpus">;
function present(figures: { readonly [K in keyof Figures]: Figures[K] | undefined }): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
}
