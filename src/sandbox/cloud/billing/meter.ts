import type { Document, Documents, Table } from "../documents.ts";

/** What something is charged by while it is like this. */
export interface Metered {
  readonly kind: "instance" | "disk";
  /** As the catalogue has it: an instance type, a type of disk. */
  readonly item: string;
  /** GiB of a disk. */
  readonly quantity: number;
  readonly region: string;
  readonly zone?: string;
  readonly name: string;
  readonly spot?: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** Something was so from a moment on, until another or still. Milliseconds since 1970. */
export interface MeteredSpan extends Document, Metered {
  readonly resourceId: string;
  readonly from: number;
  readonly to?: number;
}

/** Notes what a simulated cloud's resources were and for how long, as its bill goes by. It survives restarts. */
export class Meter {
  readonly #spans: Table<MeteredSpan>;

  constructor(documents: Documents) {
    this.#spans = documents.table<MeteredSpan>("metered-span");
  }

  /** Follows a table from now on; `metered` says what a resource is charged by, undefined while it costs nothing. */
  watch<T extends Document>(table: Table<T>, metered: (resource: T) => Metered | undefined): void {
    for (const resource of table.values()) this.#note(resource.id, metered(resource));
    table.onChange((before, after) => this.#note((after ?? before)?.id ?? "", after && metered(after)));
  }

  /** Keeps what was there in a time before, beside what is metered. */
  record(resourceId: string, what: Metered, from: number, to: number): void {
    this.#spans.put({ ...what, id: `${resourceId}@${from}`, resourceId, from, to });
  }

  /** Those that lie at least partly between the two moments. */
  spans(from: number, to: number): readonly MeteredSpan[] {
    return this.#spans.where((span) => span.from < to && (span.to ?? Number.POSITIVE_INFINITY) > from);
  }

  #note(resourceId: string, now: Metered | undefined): void {
    const open = this.#spans.find((span) => span.resourceId === resourceId && span.to === undefined);
    if (open && now && sameCharge(open, now)) return;
    const at = Date.now();
    if (open) this.#spans.put({ ...open, to: at });
    if (now) this.#spans.put({ ...now, id: `${resourceId}@${at}`, resourceId, from: at });
  }
}

function sameCharge(open: MeteredSpan, now: Metered): boolean {
  return (
    (["kind", "item", "quantity", "region", "zone", "name", "spot"] as const).every(
      (field) => open[field] === now[field],
    ) && JSON.stringify(open.tags) === JSON.stringify(now.tags)
  );
}
