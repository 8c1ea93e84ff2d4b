import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bringIn } from "../../host/bring-in/index.ts";
import { instanceDir, socketDirPath } from "../../host/paths.ts";
import { startPostgres } from "../../host/postgres.ts";
import { answerOf, connectApi } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { carryOut } from "../recovery-program.ts";
import { upStack } from "../stack/index.ts";
import { makeInstanceFolder, requireConfigFile } from "../stack/settings.ts";
import { readTextFile } from "../text-file.ts";
import type { CommonOptions } from "./options.ts";

export interface RecoverOptions extends CommonOptions {
  readonly from: string;
  readonly config: string;
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly keptConfig?: boolean;
  readonly installation?: string;
  readonly backup?: string;
  readonly list?: boolean;
  readonly check?: boolean;
  readonly madeSureOf?: string;
  readonly yes?: boolean;
}

interface Found {
  readonly installations: readonly {
    readonly installationId: string;
    readonly claim?: { readonly epoch: number; readonly host: string; readonly takenAt: string };
    readonly backups: readonly string[];
  }[];
}

interface Restored {
  readonly backup: {
    readonly backupId: string;
    readonly installationId: string;
    readonly takenAt: string;
    readonly bytes: number;
  };
  readonly rows: number;
  readonly tables: number;
  readonly audit: { readonly entries: number; readonly signedEnds: number };
  readonly files: readonly string[];
  readonly hasConfig: boolean;
  readonly claim?: { readonly epoch: number };
  readonly groups: readonly Group[];
  readonly open: readonly {
    readonly workflowId: string;
    readonly kind: string;
    readonly subject: string;
    readonly state: string;
  }[];
}

interface Group {
  readonly groupId: string;
  readonly name: string;
  readonly state: string;
  readonly currentSite: string;
  readonly recoverySite: string;
  readonly siteAnswers: boolean;
  readonly newestPointAt?: string;
}

/** Where the files of a backup go, under the name that `up` is then given. */
const keptConfigName = "novacron.yaml";

export async function recover(options: RecoverOptions): Promise<void> {
  const began = performance.now();
  const beganAt = Date.now();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const configFile = requireConfigFile(options.config);
  const { toolsManifest } = await bringIn({ onProgress: say });
  const environment = { NOVACRON_CONFIG: configFile, NOVACRON_TOOLS: toolsManifest, NOVACRON_SITES: undefined };
  if (options.list) return list(options, environment);
  const order = {
    ...{ order: "restore", site: options.from, installation: options.installation, backupId: options.backup },
    ...{ recoveryFile: resolve(requireKey(options.key)), passphrase: await passphraseOf(options) },
  };
  if (options.check) return check(options, order, environment, began);
  const dir = instanceDir(options.instance ?? "default");
  refuseUsed(dir);
  const madeSureOf = await sureOf(options);
  say("Filling the store from the backup");
  const restored = await inStore(dir, (databaseUrl) =>
    carryOut<Restored>(
      { ...order, madeSureOf },
      { ...environment, NOVACRON_INSTANCE_DIR: dir, DATABASE_URL: databaseUrl },
    ),
  );
  const kept = join(dir, keptConfigName);
  if (options.keptConfig && !restored.hasConfig)
    throw new CliError("The backup has no configuration", "Give it with --config.");
  await upStack({
    instance: options.instance ?? "default",
    configFile: options.keptConfig ? kept : configFile,
    onProgress: say,
  });
  const { api } = connectApi({ ...options, instance: options.instance ?? "default" });
  const own = await answerOf(api.GET("/v1/control-plane"));
  const report = {
    ...toReport(restored),
    interrupted: own.interrupted,
    rto_seconds: seconds(performance.now() - began),
    rpo_seconds: seconds(beganAt - Date.parse(restored.backup.takenAt)),
  };
  await show(report, options.output, describe);
}

async function list(options: RecoverOptions, environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "nvc-recover-"));
  try {
    const order = { order: "look", site: options.from };
    const { installations } = await carryOut<Found>(order, { ...environment, NOVACRON_INSTANCE_DIR: scratch });
    const rows = installations.map(({ installationId, claim, backups }) => ({
      installation_id: installationId,
      ...(claim ? { epoch: claim.epoch, host: claim.host, taken_at: claim.takenAt } : {}),
      backups,
    }));
    await show({ installations: rows }, options.output, () =>
      table(
        rows.flatMap((row) => row.backups.map((backup) => ({ ...row, backup }))),
        [
          { head: "INSTALLATION", value: (row) => row.installation_id },
          { head: "BACKUP", value: (row) => row.backup },
          { head: "EPOCH", align: "right", value: ({ epoch }) => epoch },
          { head: "ON", value: ({ host }) => host },
        ],
        `No backup of a control plane lies at ${options.from}.`,
      ),
    );
  } finally {
    forget(scratch);
  }
}

/** Everything that a recovery does but taking over, in a folder that goes afterwards. */
async function check(
  options: RecoverOptions,
  order: object,
  environment: Readonly<Record<string, string | undefined>>,
  began: number,
): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "nvc-recover-"));
  // As root, PostgreSQL runs as another account, which may pass through, and not list.
  chmodSync(scratch, 0o711);
  makeInstanceFolder(scratch);
  try {
    const restored = await inStore(scratch, (databaseUrl) =>
      carryOut<Restored>(order, { ...environment, NOVACRON_INSTANCE_DIR: scratch, DATABASE_URL: databaseUrl }),
    );
    const report = { ...toReport(restored), interrupted: [], rto_seconds: seconds(performance.now() - began) };
    await show(report, options.output, describe);
  } finally {
    forget(scratch);
  }
}

/** The server that is named, or our own while it is filled. */
async function inStore<T>(dir: string, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const given = process.env.DATABASE_URL;
  if (given) return work(given);
  makeInstanceFolder(dir);
  const server = await startPostgres({ dir: join(dir, "postgres") });
  try {
    return await work(server.databaseUrl);
  } catch (error) {
    await server.stop();
    // Half a store would keep the next attempt from beginning.
    rmSync(join(dir, "postgres"), { recursive: true, force: true });
    throw error;
  } finally {
    await server.stop();
  }
}

function refuseUsed(dir: string): void {
  if (!existsSync(join(dir, "postgres/data"))) return;
  throw new CliError(
    `There is a control plane in ${dir} already`,
    "Choose another one with --instance, or remove it with `novacron down --wipe`.",
  );
}

function requireKey(file: string | undefined): string {
  if (file !== undefined) return file;
  throw usageError("Backups can't be opened without their key", "Add --key FILE, what control-plane key made.");
}

async function passphraseOf({ passphraseFile }: RecoverOptions): Promise<string | undefined> {
  return passphraseFile === undefined ? undefined : (await readTextFile(passphraseFile)).trim();
}

async function sureOf(options: RecoverOptions): Promise<string> {
  const { madeSureOf } = options;
  if (madeSureOf === undefined || madeSureOf.trim().length < 3) {
    throw usageError(
      "The former control plane stops only when it sees that another one has taken over",
      "Make sure that it can't act, and say of what: --made-sure-of TEXT. To try a backup: --check.",
    );
  }
  await confirm(`This control plane takes over from the former one (${madeSureOf}).`, options.yes ?? false);
  return madeSureOf;
}

function toReport(restored: Restored) {
  const { backup, audit, groups, claim, open } = restored;
  return {
    backup_id: backup.backupId,
    installation_id: backup.installationId,
    taken_at: backup.takenAt,
    bytes: backup.bytes,
    rows: restored.rows,
    tables: restored.tables,
    audit: { entries: audit.entries, signed_ends: audit.signedEnds },
    files: restored.files,
    ...(claim ? { epoch: claim.epoch } : {}),
    groups: groups.map((group) => ({
      ...{ group_id: group.groupId, name: group.name, state: group.state, current_site: group.currentSite },
      ...{ recovery_site: group.recoverySite, site_answers: group.siteAnswers, newest_point_at: group.newestPointAt },
    })),
    under_way: open.map(({ workflowId, kind, subject, state }) => ({ workflow_id: workflowId, kind, subject, state })),
  };
}

type Report = ReturnType<typeof toReport> & {
  readonly interrupted: readonly {
    workflow_id: string;
    subject: string;
    outcome: string;
    advice?: string | undefined;
  }[];
  readonly rto_seconds: number;
  readonly rpo_seconds?: number;
};

async function describe(report: Report): Promise<string> {
  const gone = report.groups.filter(({ site_answers: answers, state }) => !answers && state !== "deleted");
  return [
    fields([
      ["Backup", report.backup_id],
      ["Shows", report.taken_at],
      ["Rows", report.rows],
      ["Audit trail", `${report.audit.entries} entries, whole; ${report.audit.signed_ends} signed ends agree`],
      ["Epoch", report.epoch ?? "not taken: this was a check"],
      ["Groups", report.groups.length],
      ["Under way then", report.under_way.length],
      [report.rpo_seconds === undefined ? "Took" : "RTO", `${report.rto_seconds} s`],
      ["RPO", report.rpo_seconds === undefined ? undefined : `at most ${report.rpo_seconds} s before this began`],
    ]),
    ...report.interrupted
      .filter(({ outcome }) => outcome === "lost")
      .map(({ workflow_id: id, subject, advice }) => `Lost: ${id} (${subject}). ${advice ?? ""}`),
    ...gone.map(failoverOf),
  ].join("\n");
}

function failoverOf(group: Report["groups"][number]): string {
  const { name, group_id: id, current_site: at, recovery_site: to, newest_point_at: newest } = group;
  const point = newest === undefined ? "there is no recovery point of it" : `its newest recovery point shows ${newest}`;
  return `${at} does not answer, where ${name} is served (${point}). To bring it up at ${to}: novacron recovery start ${id} --reason TEXT`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function forget(scratch: string): void {
  for (const dir of [scratch, join(scratch, "postgres")]) rmSync(socketDirPath(dir), { recursive: true, force: true });
  rmSync(scratch, { recursive: true, force: true });
}
