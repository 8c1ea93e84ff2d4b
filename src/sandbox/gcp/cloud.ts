import { join } from "node:path";
import { makeToolDir } from "../../host/paths.ts";
import type { HostTools } from "../../host/tools.ts";
import { DiskStore } from "../cloud/disks/disk-store.ts";
import { Documents } from "../cloud/documents.ts";
import { Faults } from "../cloud/faults.ts";
import { GuestRunner } from "../cloud/guests/guest-runner.ts";
import { HelperRunner } from "../cloud/helpers/helper-runner.ts";
import { TokenBuckets } from "../cloud/token-buckets.ts";
import { Identity } from "./identity.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import { type Tables, tablesOf } from "./state.ts";

export interface GcpParts {
  readonly tools: HostTools;
  /** Holds everything; survives restarts. */
  readonly dir: string;
  /** Short: unix socket paths end at 107 bytes. */
  readonly socketDir: string;
  /** Path of the raw disk that the simulated public image is made of; called when it is first used. */
  readonly guestImage: () => Promise<string>;
  readonly log: (message: string, facts?: object) => void;
}

/** The simulated Google Cloud: its state, its disks and its guests. What can be done with it is in the services' folders. */
export class GcpCloud {
  readonly parts: GcpParts;
  readonly documents: Documents;
  readonly tables: Tables;
  readonly disks: DiskStore;
  readonly guests: GuestRunner;
  readonly helpers: HelperRunner;
  readonly identity: Identity;
  readonly faults = new Faults();
  readonly buckets = new TokenBuckets();
  /** Where it listens; known once it does. */
  endpoint = "";
  /** Told of a machine that ended by itself; set by what keeps instances. */
  onMachineEnd: (machineId: string) => void = () => {};
  #settings: Settings;
  #closed = false;
  readonly #background = new Set<Promise<void>>();

  constructor(parts: GcpParts) {
    this.parts = parts;
    const dir = makeToolDir(parts.dir, 0o755);
    this.documents = new Documents(join(dir, "state.sqlite"));
    this.tables = tablesOf(this.documents);
    this.identity = new Identity(this.documents);
    this.disks = new DiskStore(join(dir, "layers"), this.documents, parts.tools.account);
    const ended = (machineId: string) => this.onMachineEnd(machineId);
    const { tools, socketDir } = parts;
    this.guests = new GuestRunner(tools, { dir: join(dir, "guests"), socketDir }, this.documents, ended);
    this.helpers = new HelperRunner(tools, { dir: join(dir, "helpers"), socketDir }, this.documents, ended);
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

  /** For what nobody is told of else. Silent once everything is closed. */
  log(message: string, facts: object): void {
    if (!this.#closed) this.parts.log(message, facts);
  }

  /** Lets go of guests and files; work that is still under way goes nowhere. */
  async close(): Promise<void> {
    this.#closed = true;
    this.guests.close();
    this.helpers.close();
    await this.disks.close();
    this.documents.close();
  }

  /** Work that goes on after a call was answered. A failure is logged: nobody waits for it. */
  inBackground(what: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.log(`Could not ${what}`, { error }))
      .finally(() => this.#background.delete(running));
    this.#background.add(running);
  }

  /** Resolves when no background work is left. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Drops disk layers that no disk, snapshot or image needs any more. */
  async collectDisks(): Promise<void> {
    const { disks, snapshots, images } = this.tables;
    await this.disks.collect(() => [
      ...[...disks.values()].flatMap(({ layerId, nextLayerId }) => (nextLayerId ? [layerId, nextLayerId] : [layerId])),
      ...[...snapshots.values()].map(({ layerId }) => layerId),
      ...[...images.values()].map(({ layerId }) => layerId),
    ]);
  }
}
