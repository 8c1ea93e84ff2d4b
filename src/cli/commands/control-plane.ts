import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { instanceDir } from "../../host/paths.ts";
import { answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { carryOut } from "../recovery-program.ts";
import { makeInstanceFolder } from "../stack/settings.ts";
import { readTextFile } from "../text-file.ts";
import type { CommonOptions } from "./options.ts";

type ControlPlane = Schemas["ControlPlane"];

const lookEveryMs = 250;

export async function showControlPlane(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  await show(await answerOf(api.GET("/v1/control-plane")), options.output, describe);
}

/** Waits until each place has one that shows a moment after this was asked, or says why it can't have it. */
export async function backUpNow(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const ask = () =>
    answerOf(api.POST("/v1/control-plane/backups", { params: { header: { "Idempotency-Key": randomUUID() } } }));
  const look = () => answerOf(api.GET("/v1/control-plane"));
  let tried = triesOf(await look());
  const { asked_at: askedAt } = await ask();
  for (;;) {
    const now = await look();
    const late = now.places.filter(({ taken_at: at }) => at === undefined || Date.parse(at) < Date.parse(askedAt));
    if (late.length === 0) return show(now, options.output, describe);
    const ended = late.filter(({ site, tried_at: at }) => at !== tried.get(site));
    const failed = ended.find(({ problem }) => problem !== undefined);
    if (failed) throw new CliError(`No backup at ${failed.site}: ${failed.problem}`, "It is tried again by itself.");
    if (ended.length > 0) {
      // One that was under way by then, and shows less.
      tried = triesOf(now);
      await ask();
    }
    await sleep(lookEveryMs);
  }
}

function triesOf({ places }: ControlPlane): ReadonlyMap<string, string | undefined> {
  return new Map(places.map(({ site, tried_at: at }) => [site, at]));
}

async function describe(own: ControlPlane): Promise<string> {
  const { superseded_by: by } = own;
  const places = await table(
    own.places,
    [
      { head: "SITE", value: ({ site }) => site },
      { head: "NEWEST", value: (place) => place.backup_id },
      { head: "SHOWS", value: (place) => place.taken_at },
      { head: "BYTES", align: "right", value: ({ bytes }) => bytes },
      { head: "KEPT", align: "right", value: ({ kept }) => kept },
      { head: "STATE", value: ({ overdue, problem }) => problem ?? (overdue ? "overdue" : "proven") },
    ],
    "It is backed up nowhere: name sites in control_plane.backup_to.",
  );
  const interrupted = await table(
    own.interrupted,
    [
      { head: "RUN", value: (run) => run.workflow_id },
      { head: "OF", value: ({ subject }) => subject },
      { head: "WAS", value: ({ state }) => state },
      { head: "NOW", value: ({ outcome }) => outcome },
      { head: "DO", value: ({ advice }) => advice },
    ],
    "",
  );
  return [
    fields([
      ["Installation", own.installation_id],
      ["Epoch", own.epoch],
      ["May act", by ? `no: epoch ${by.epoch} on ${by.host} has taken over at ${by.taken_at}` : "yes"],
    ]),
    places,
    ...(own.interrupted.length > 0 ? [`Under way when it was rebuilt:\n${interrupted}`] : []),
  ].join("\n\n");
}

export async function makeKey(
  options: CommonOptions & { file: string; passphraseFile?: string; sealingFile?: string; yes?: boolean },
): Promise<void> {
  const { file, passphraseFile, sealingFile } = options;
  const dir = instanceDir(options.instance ?? "default");
  const sealing = sealingFile === undefined ? join(dir, "backup-key.json") : resolve(sealingFile);
  if (existsSync(sealing)) {
    await confirm(
      `${sealing} is in use. Backups that were sealed for it need its other half. Replace it?`,
      options.yes ?? false,
    );
  }
  if (sealingFile === undefined) makeInstanceFolder(dir);
  const passphrase = passphraseFile === undefined ? undefined : (await readTextFile(passphraseFile)).trim();
  const order = { order: "make-key", sealingFile: sealing, recoveryFile: resolve(file), passphrase };
  const made = await carryOut<{ keyId: string }>(order, {});
  await show({ key_id: made.keyId, recovery_file: resolve(file), sealing_file: sealing }, options.output, () =>
    [
      `${resolve(file)} opens backups of this control plane. Keep it where neither this machine nor the sites can lose it;`,
      "without it they are worth nothing, and whoever has it reads everything in them.",
    ].join("\n"),
  );
}
