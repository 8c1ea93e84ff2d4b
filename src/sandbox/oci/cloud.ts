import { join } from "node:path";
import { makeToolDir } from "../../host/paths.ts";
import type { HostTools } from "../../host/tools.ts";
import { DiskStore } from "../cloud/disks/disk-store.ts";
import type { DiskParts } from "../cloud/disks/points.ts";
import { Documents } from "../cloud/documents.ts";
import { Faults } from "../cloud/faults.ts";
import { GuestRunner } from "../cloud/guests/guest-runner.ts";
import { HelperRunner } from "../cloud/helpers/helper-runner.ts";
import { TokenBuckets } from "../cloud/token-buckets.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import { type Tables, tablesOf, type Volume } from "./state.ts";
import { type Tenancy, tenancyOf } from "./tenancy.ts";

export interface OciParts {
  readonly tools: HostTools;
  /** Holds everything; survives restarts. */
  readonly dir: string;
  /** Short: unix socket paths end at 107 bytes. */
  readonly socketDir: string;
  /** Path of the raw disk that the simulated platform image is made of; called when one is first used. */
  readonly guestImage: () => Promise<string>;
  readonly log: (message: string, facts?: object) => void;
}

/** One region of the simulated Oracle Cloud: its state, its disks and its guests. */
export class OciCloud {
  readonly parts: OciParts;
  readonly documents: Documents;
  readonly tables: Tables;
  readonly tenancy: Tenancy;
  readonly disks: DiskStore;
  readonly guests: GuestRunner;
  /** What stands behind instances that are helpers, in the place of guests. */
  readonly helpers: HelperRunner;
  readonly faults = new Faults();
  readonly buckets = new TokenBuckets();
  /** Where it listens; known once it does. */
  endpoint = "";
  /** Told of a guest that ended by itself; set by what keeps instances. */
  onGuestEnd: (guestId: string) => void = () => {};
  #settings: Settings;
  readonly #background = new Set<Promise<void>>();

  constructor(parts: OciParts) {
    this.parts = parts;
    const dir = makeToolDir(parts.dir, 0o755);
    this.documents = new Documents(join(dir, "state.sqlite"));
    this.tables = tablesOf(this.documents);
    this.tenancy = tenancyOf(this.documents);
    const { fingerprint, userId, publicKey, createdAt } = this.tenancy;
    if (this.tables.apiKeys.size === 0) this.tables.apiKeys.put({ id: fingerprint, userId, publicKey, createdAt });
    this.disks = new DiskStore(join(dir, "layers"), this.documents, parts.tools.account);
    this.guests = new GuestRunner(
      parts.tools,
      { dir: join(dir, "guests"), socketDir: parts.socketDir },
      this.documents,
      (guestId) => this.onGuestEnd(guestId),
    );
    this.helpers = new HelperRunner(
      parts.tools,
      { dir: join(dir, "helpers"), socketDir: parts.socketDir },
      this.documents,
      (guestId) => this.onGuestEnd(guestId),
    );
    this.#settings = settingsSchema.parse(this.tables.settings.get("behaviour")?.value ?? {});
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** @throws ZodError for what is no setting. */
  changeSettings(change: object): Settings {
    this.#settings = settingsSchema.parse({ ...this.#settings, ...change });
    this.tables.settings.put({ id: "behaviour", value: this.#settings });
    return this.#settings;
  }

  /** Work that goes on after a call was answered. A failure is logged: nobody waits for it. */
  inBackground(what: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.parts.log(`Could not ${what}`, { error }))
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  /** Resolves when no background work is left. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** The volumes' disks, and which guest may be writing them: one that only reads goes on with what is frozen. */
  diskParts(): DiskParts<Volume> {
    const { disks, documents, tables } = this;
    const { guests: machines, helpers } = this;
    const of = (id: string) => (helpers.isRunning(id) ? helpers : machines);
    const guests = {
      isRunning: (id: string) => of(id).isRunning(id),
      layers: (id: string) => of(id).layers(id),
      switchLayers: (id: string, wanted: Parameters<GuestRunner["switchLayers"]>[1]) => of(id).switchLayers(id, wanted),
    };
    const guestOf = (volume: Volume) => {
      const attachment = tables.attachments.find(
        (one) => one.volumeId === volume.id && one.deletedAt === undefined && !one.readOnly,
      );
      return attachment && tables.instances.get(attachment.instanceId)?.guestId;
    };
    return { disks, guests, documents, table: tables.volumes, guestOf };
  }

  /** Drops disk layers that nothing needs any more. */
  async collectDisks(): Promise<void> {
    const { volumes, backups, images } = this.tables;
    await this.disks.collect(() => [
      ...volumes
        .where(({ deletedAt }) => deletedAt === undefined)
        .flatMap(({ layerId, nextLayerId }) => (nextLayerId ? [layerId, nextLayerId] : [layerId])),
      ...backups.where(({ deletedAt }) => deletedAt === undefined).map(({ layerId }) => layerId),
      ...images.where(({ state }) => state !== "DELETED").flatMap(({ layerId }) => layerId ?? []),
    ]);
  }
}
