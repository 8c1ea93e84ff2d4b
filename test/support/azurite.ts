import { dirname, join } from "node:path";
import { command, lastLine } from "../../src/host/bring-in/command.ts";
import { findOnPath } from "../../src/host/bring-in/find-on-path.ts";
import { freePorts } from "../../src/host/ports.ts";
import { bringInReferee, type Referee, type RunningReferee, refereeHome, startReferee } from "./referee.ts";

const version = "3.37.0";

const azurite: Referee = {
  name: `azurite-${version}`,
  async bring(folder) {
    const npm = findOnPath("npm", `${dirname(process.execPath)}:${process.env.PATH}`);
    if (npm === undefined) return "there is no npm";
    const quietly = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
    const args = ["install", ...quietly, "--prefix", folder, `azurite@${version}`];
    // npm is a script for the Node beside it.
    const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    const installed = await command(npm, args, { cwd: folder, env });
    return installed.exitCode === 0 ? undefined : `npm could not install it (${lastLine(installed.output)})`;
  },
};

export const bringInAzurite = (): Promise<string | undefined> => bringInReferee(azurite);

/** Azurite's blob service, as one storage account. */
export async function startAzurite(account: {
  readonly name: string;
  readonly key: string;
}): Promise<RunningReferee & { readonly origin: string }> {
  const [port = 0] = await freePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  const main = join(refereeHome(azurite), "node_modules/azurite/dist/src/blob/main.js");
  const running = await startReferee(origin, (dir) => ({
    program: process.execPath,
    // Later versions of the interface than it knows differ in what is not used here.
    args: [
      main,
      "--location",
      dir,
      "--blobPort",
      String(port),
      "--silent",
      "--skipApiVersionCheck",
      "--disableTelemetry",
    ],
    env: { AZURITE_ACCOUNTS: `${account.name}:${account.key}` },
  }));
  return { ...running, origin };
}
