import { CliError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { chooseInstance, downStack, type StackStatus, stackStatus, upStack } from "../stack/index.ts";
import type { CommonOptions } from "./options.ts";

const defaultInstance = "default";

export async function up(options: CommonOptions & { config?: string }): Promise<void> {
  const instance = options.instance ?? defaultInstance;
  await upStack({
    instance,
    ...(options.config ? { configFile: options.config } : {}),
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  await show(stackStatus({ instance }), options.output, describe);
}

export async function down(options: CommonOptions & { wipe?: boolean }): Promise<void> {
  const instance = chooseInstance(options.instance) ?? defaultInstance;
  await downStack({ instance, wipe: options.wipe ?? false });
  await show(stackStatus({ instance }), options.output, () =>
    options.wipe ? `${instance} is down and its data is removed` : `${instance} is down; its data is kept`,
  );
}

export async function status(options: CommonOptions): Promise<void> {
  const found = stackStatus({ instance: chooseInstance(options.instance) ?? defaultInstance });
  await show(found, options.output, describe);
  if (found.state !== "up") {
    throw new CliError(`${found.instance} is ${found.state}`, found.error ?? "Start it with ./novacron up.");
  }
}

async function describe(found: StackStatus): Promise<string> {
  const { connection } = found;
  const parts = await table(
    found.components,
    [
      { head: "PART", value: (part) => part.name },
      { head: "STATE", value: (part) => part.state },
      { head: "ALIVE", value: (part) => (part.alive ? "yes" : "no") },
    ],
    "No parts are running.",
  );
  return [
    fields([
      ["Instance", found.instance],
      ["State", found.state],
      ["Console", connection?.consoleUrl],
      ["API", connection?.apiUrl],
      ["API reference", connection && `${connection.apiUrl}/v1/reference`],
      ["Token file", connection?.tokenFile],
      ["Temporal UI", connection?.temporalUiUrl],
      ["Folder", found.dir],
    ]),
    parts,
  ].join("\n\n");
}
