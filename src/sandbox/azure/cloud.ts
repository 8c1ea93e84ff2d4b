import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { makeToolDir } from "../../host/paths.ts";
import type { HostTools } from "../../host/tools.ts";
import { DiskStore } from "../cloud/disks/disk-store.ts";
import { PageStore } from "../cloud/disks/page-store.ts";
import { Documents } from "../cloud/documents.ts";
import { Faults } from "../cloud/faults.ts";
import { GuestRunner } from "../cloud/guests/guest-runner.ts";
import { TokenBuckets } from "../cloud/token-buckets.ts";
import { type Settings, settingsSchema } from "./settings.ts";
import { type ClientSecret, type Resource, type Tables, tablesOf } from "./state.ts";

export const storageAccountName = "novacronsandbox";
export const containerName = "novacron";
export const defaultGroup = "novacron";
export const defaultLocation = "eastus";

/** The disk of the simulated platform image; made when it is first used. */
export const platformLayer = "ly-platform-debian-12";

export interface AzureParts {
  readonly tools: HostTools;
  /** Holds everything; survives restarts. */
  readonly dir: string;
  /** Short: unix socket paths end at 107 bytes. */
  readonly socketDir: string;
  /** Path of the raw disk that the simulated platform image is made of; called when it is first used. */
  readonly guestImage: () => Promise<string>;
  readonly log: (message: string, facts?: object) => void;
}

/** Whom the simulated tenant knows, and the keys that it signs with. */
export interface Account {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** The application whose roles the settings `actions` and `notActions` say. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** The application that may only read. */
  readonly reader: { readonly clientId: string; readonly clientSecret: string };
  /** Of the storage account, in base64. */
  readonly storageKey: string;
  /** Signs access tokens, in base64. */
  readonly tokenKey: string;
}

/** The simulated Azure: its state, its disks and its guests. */
export class AzureCloud {
  readonly parts: AzureParts;
  readonly documents: Documents;
  readonly tables: Tables;
  readonly disks: DiskStore;
  readonly pages: PageStore;
  readonly guests: GuestRunner;
  readonly account: Account;
  readonly faults = new Faults();
  readonly buckets = new TokenBuckets();
  /** Told of a guest that ended by itself; set by what keeps VMs. */
  onGuestEnd: (guestId: string) => void = () => {};
  /** Page layers that something beyond disks needs; set by what keeps blobs. */
  usedPages: () => Iterable<string> = () => [];
  #settings: Settings;
  readonly #background = new Set<Promise<void>>();

  constructor(parts: AzureParts) {
    this.parts = parts;
    const dir = makeToolDir(parts.dir, 0o755);
    this.documents = new Documents(join(dir, "state.sqlite"));
    this.tables = tablesOf(this.documents);
    this.disks = new DiskStore(join(dir, "layers"), this.documents, parts.tools.account);
    this.pages = new PageStore(join(dir, "pages"), this.documents);
    this.guests = new GuestRunner(
      parts.tools,
      { dir: join(dir, "guests"), socketDir: parts.socketDir },
      this.documents,
      (guestId) => this.onGuestEnd(guestId),
    );
    this.#settings = settingsSchema.parse(this.tables.settings.get("behaviour")?.value ?? {});
    const known =
      this.tables.settings.get("account") ?? this.tables.settings.put({ id: "account", value: newAccount() });
    this.account = known.value as Account;
    const { secrets } = this.tables;
    if (secrets.size === 0) {
      for (const { clientId, clientSecret } of [this.account, this.account.reader])
        secrets.put({ ...newSecret(clientId, "first"), value: clientSecret });
    }
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

  /** Whether lists show it yet. */
  isListed({ createdAt }: Resource): boolean {
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

  /** Drops layers that no disk, no snapshot, no signature and no blob needs any more. */
  async collectDisks(): Promise<void> {
    const { bytes, grants, resources } = this.tables;
    await this.disks.collect(() => [
      ...[...bytes.values()].flatMap(({ layerId, nextLayerId }) => (nextLayerId ? [layerId, nextLayerId] : [layerId])),
      ...[...grants.values()].flatMap(({ layerId }) => (layerId === undefined ? [] : [layerId])),
      // Images that were made of blobs.
      ...[...resources.values()].flatMap(({ facts }) => ("layerId" in facts ? [String(facts.layerId)] : [])),
      platformLayer,
    ]);
    await this.pages.collect(() => [
      ...this.usedPages(),
      ...[...bytes.values()].flatMap(({ pagesId }) => (pagesId === undefined ? [] : [pagesId])),
    ]);
  }
}

/** A password as Microsoft Entra makes one. */
export function newSecret(clientId: string, displayName: string): ClientSecret {
  const value = randomBytes(24).toString("base64url");
  return { id: randomUUID(), clientId, value, displayName, createdAt: Date.now() };
}

function newAccount(): Account {
  return {
    subscriptionId: randomUUID(),
    tenantId: randomUUID(),
    clientId: randomUUID(),
    clientSecret: randomBytes(24).toString("base64url"),
    reader: { clientId: randomUUID(), clientSecret: randomBytes(24).toString("base64url") },
    storageKey: randomBytes(64).toString("base64"),
    tokenKey: randomBytes(32).toString("base64"),
  };
}
