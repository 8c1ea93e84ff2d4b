import { readFile } from "node:fs/promises";
import { answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { show } from "../output.ts";
import { formatBytes } from "../units.ts";
import type { CommonOptions } from "./options.ts";

/** @throws CliError when a disk differs, after showing where. */
export async function verifyCertificate(file: string, options: CommonOptions): Promise<void> {
  const certificate = await readCertificate(file);
  const { api } = connectApi(options);
  const verdict = await answerOf(api.POST("/v1/certificates/verify", { body: certificate }));
  await show(verdict, options.output, describe);
  if (!verdict.identical) {
    throw new CliError(
      "What is at the target now is not what was certified",
      "Do not finalize; compare the extents above with the source, or roll the migration back.",
    );
  }
}

/** The API holds it to the schema; here it only has to be JSON. */
async function readCertificate(file: string): Promise<Schemas["Certificate"]> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Schemas["Certificate"];
  } catch (cause) {
    throw new CliError(`${file} cannot be read as a certificate`, "Give the JSON file of a certificate.", {
      exitCode: 2,
      cause,
    });
  }
}

function describe(verdict: Schemas["CertificateVerdict"]): string {
  return verdict.disks
    .map((disk) => {
      const reread = `${formatBytes(disk.bytes_reread)} read again`;
      if (disk.identical) return `${disk.disk_id}: identical (${reread})`;
      const extents = disk.differing.map(({ offset, length }) => `  offset ${offset}, length ${length}`);
      return [`${disk.disk_id}: DIFFERS (${reread})`, ...extents].join("\n");
    })
    .join("\n");
}
