import { join } from "node:path";
import { makeToolDir } from "../../host/paths.ts";
import type { HostTools } from "../../host/tools.ts";
import { DiskStore } from "../cloud/disks/disk-store.ts";
import { Documents } from "../cloud/documents.ts";
import { Faults } from "../cloud/faults.ts";
import { GuestRunner } from "../cloud/guests/guest-runner.ts";
import { TokenBuckets } from "../cloud/token-buckets.ts";
import { type Caller, Identity } from "./identity.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import { type Resource, type Tables, tablesOf } from "./state.ts";

/** One call, after it was authenticated. */
export interface Call {
  readonly service: string;
  readonly operation: string;
  readonly region: string;
  readonly requestId: string;
  readonly caller: Caller;
  /** Whether nobody waits for the answer any more. */
  readonly isAbandoned?: () => boolean;
}

export interface AwsParts {
  readonly tools: HostTools;
  /** Holds everything; survives restarts. */
  readonly dir: string;
  /** Short: unix socket paths end at 107 bytes. */
  readonly socketDir: string;
  /** Path of the raw disk that the simulated public images are made of; called when one is first used. */
  readonly guestImage: () => Promise<string>;
  readonly log: (message: string, facts?: object) => void;
}

/** The simulated AWS: its state, its disks and its guests. What can be done with it is in the services' folders. */
export class AwsCloud {
  readonly parts: AwsParts;
  readonly documents: Documents;
  readonly tables: Tables;
  readonly disks: DiskStore;
  readonly guests: GuestRunner;
  readonly identity: Identity;
  readonly faults = new Faults();
  readonly buckets = new TokenBuckets();
  /** Where it listens; known once it does. */
  endpoint = "";
  /** Told of a call that was carried out; set by what keeps the trail. */
  onCall: (call: Call, input: object, output: object) => void = () => {};
  /** Told of a guest that ended by itself; set by what keeps instances. */
  onGuestEnd: (instanceId: string) => void = () => {};
  #settings: Settings;
  readonly #background = new Set<Promise<void>>();

  constructor(parts: AwsParts) {
    this.parts = parts;
    const dir = makeToolDir(parts.dir, 0o755);
    this.documents = new Documents(join(dir, "state.sqlite"));
    this.tables = tablesOf(this.documents);
    this.identity = new Identity(this.documents);
    this.disks = new DiskStore(join(dir, "layers"), this.documents, parts.tools.account);
    this.guests = new GuestRunner(
      parts.tools,
      { dir: join(dir, "guests"), socketDir: parts.socketDir },
      this.documents,
      (instanceId) => this.onGuestEnd(instanceId),
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

  /** Whether other calls see it yet: at AWS a new resource takes a while to be known everywhere
   *  (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html). */
  isVisible({ createdAt }: Resource): boolean {
    return Date.now() - createdAt >= this.#settings.consistencyMs;
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

  /** Drops disk layers that no volume and no snapshot needs any more. */
  async collectDisks(): Promise<void> {
    const { volumes, snapshots } = this.tables;
    await this.disks.collect(() => [
      ...[...volumes.values()].flatMap(({ layerId, nextLayerId }) =>
        nextLayerId ? [layerId, nextLayerId] : [layerId],
      ),
      ...[...snapshots.values()].map(({ layerId }) => layerId),
    ]);
  }
}
