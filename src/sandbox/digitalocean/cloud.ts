import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { makeToolDir } from "../../host/paths.ts";
import type { HostTools } from "../../host/tools.ts";
import { DiskStore } from "../cloud/disks/disk-store.ts";
import { Documents } from "../cloud/documents.ts";
import { Faults } from "../cloud/faults.ts";
import { GuestRunner } from "../cloud/guests/guest-runner.ts";
import { HelperRunner } from "../cloud/helpers/helper-runner.ts";
import { Rates } from "./rates.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import { type Tables, tablesOf } from "./state.ts";

export interface DigitalOceanParts {
  readonly tools: HostTools;
  /** Holds everything; survives restarts. */
  readonly dir: string;
  /** Short: unix socket paths end at 107 bytes. */
  readonly socketDir: string;
  /** Path of the raw disk that the simulated public image is made of; called when it is first used. */
  readonly guestImage: () => Promise<string>;
  readonly log: (message: string, facts?: object) => void;
}

/** The simulated DigitalOcean: its state, its disks and its guests. */
export class DigitalOceanCloud {
  readonly parts: DigitalOceanParts;
  readonly dir: string;
  readonly documents: Documents;
  readonly tables: Tables;
  readonly disks: DiskStore;
  readonly guests: GuestRunner;
  readonly helpers: HelperRunner;
  readonly faults = new Faults();
  readonly rates = new Rates();
  /** The one token that there is. */
  readonly token: string;
  /** Where it listens; known once it does. */
  endpoint = "";
  /** Told of a machine that ended by itself; set by what keeps droplets. */
  onMachineEnd: (machineId: string) => void = () => {};
  #settings: Settings;
  #closed = false;
  readonly #background = new Set<Promise<void>>();

  constructor(parts: DigitalOceanParts) {
    this.parts = parts;
    this.dir = makeToolDir(parts.dir, 0o755);
    this.documents = new Documents(join(this.dir, "state.sqlite"));
    this.tables = tablesOf(this.documents);
    this.disks = new DiskStore(join(this.dir, "layers"), this.documents, parts.tools.account);
    const ended = (machineId: string) => this.onMachineEnd(machineId);
    const { tools, socketDir } = parts;
    this.guests = new GuestRunner(tools, { dir: join(this.dir, "guests"), socketDir }, this.documents, ended);
    this.helpers = new HelperRunner(tools, { dir: join(this.dir, "helpers"), socketDir }, this.documents, ended);
    this.#settings = settingsSchema.parse(this.tables.settings.get("behaviour")?.value ?? {});
    const known = this.tables.settings.get("token")?.value;
    this.token = typeof known === "string" ? known : `simulated_${randomBytes(32).toString("hex")}`;
    if (known === undefined) this.tables.settings.put({ id: "token", value: this.token });
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

  /** Drops disk layers that no droplet, volume, snapshot or image needs any more. */
  async collectDisks(): Promise<void> {
    const { droplets, volumes, snapshots, images } = this.tables;
    await this.disks.collect(() => [
      ...[...volumes.values()].flatMap(({ layerId, nextLayerId }) =>
        nextLayerId ? [layerId, nextLayerId] : [layerId],
      ),
      ...[...droplets.values()].map(({ layerId }) => layerId),
      ...[...snapshots.values()].map(({ layerId }) => layerId),
      ...[...images.values()].map(({ layerId }) => layerId),
    ]);
  }
}
