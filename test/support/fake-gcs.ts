import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { goCompiler, goInstall } from "../../src/host/bring-in/go.ts";
import { cacheDir } from "../../src/host/paths.ts";
import { freePorts } from "../../src/host/ports.ts";
import { bringInReferee, type Referee, type RunningReferee, refereeHome, startReferee } from "./referee.ts";

const version = "1.52.2";

const fakeGcs: Referee = {
  name: `fake-gcs-server-${version}`,
  async bring(folder) {
    const tell = (line: string) => console.log(`# ${line}`);
    const go = await goCompiler(cacheDir(), tell);
    if ("missing" in go) return go.missing;
    tell("Building it from source, once");
    const work = mkdtempSync(join(cacheDir(), "fake-gcs-"));
    try {
      const built = await goInstall(go.path, `github.com/fsouza/fake-gcs-server@v${version}`, work);
      if ("missing" in built) return built.missing;
      copyFileSync(built.path, join(folder, "fake-gcs-server"));
      return undefined;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  },
};

export const bringInFakeGcs = (): Promise<string | undefined> => bringInReferee(fakeGcs);

/** fake-gcs-server without a bucket, holding everything in memory. */
export async function startFakeGcs(publicHost: string): Promise<RunningReferee & { readonly origin: string }> {
  const [port = 0] = await freePorts(1);
  const origin = `http://127.0.0.1:${port}`;
  const running = await startReferee(origin, () => ({
    program: join(refereeHome(fakeGcs), "fake-gcs-server"),
    args: [
      "-scheme",
      "http",
      "-host",
      "127.0.0.1",
      "-port",
      String(port),
      "-backend",
      "memory",
      "-public-host",
      publicHost,
    ],
  }));
  return { ...running, origin };
}
