import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { loadHostTools } from "../../../src/host/host-tools.ts";
import { makeSocketDir, socketDirPath, toolsManifestPath } from "../../../src/host/paths.ts";
import { type RunningDigitalOcean, startDigitalOcean } from "../../../src/sandbox/digitalocean/index.ts";
import { guestImage } from "../../../src/sandbox/guest/image.ts";

export interface DigitalOceanLab {
  readonly digitalocean: RunningDigitalOcean;
  /** What went wrong in the background, or did not fit its schema. */
  readonly complaints: string[];
  /** One request with a good token. */
  call(method: string, path: string, body?: object): Promise<Said>;
  /** Ends the server without ceremony (its guests run on) and starts another on the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A simulated DigitalOcean of the test's own. It is quick: what is new is seen at once, and nothing is throttled. */
export async function startDigitalOceanLab(settings: object = {}): Promise<DigitalOceanLab> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-do-"));
  chmodSync(dir, 0o711);
  const manifest = toolsManifestPath();
  const tools = loadHostTools(manifest);
  const complaints: string[] = [];
  const parts = {
    tools,
    dir: join(dir, "digitalocean"),
    socketDir: makeSocketDir(dir),
    guestImage: () => guestImage(tools, join(dirname(manifest), "guests")),
    log: (message: string, facts?: object) => {
      complaints.push(
        `${message} ${JSON.stringify(facts, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
      );
    },
  };
  const quick = { consistencyMs: 0, throttling: false, actionMs: 0, detachMs: 0, shutdownMs: 200 };
  let running = await startDigitalOcean(parts, 0);
  running.cloud.changeSettings({ ...quick, ...settings });
  return {
    get digitalocean() {
      return running;
    },
    complaints,
    async call(method, path, body) {
      const answer = await fetch(`${running.endpoint}/v2/${path}`, {
        method,
        headers: { authorization: `Bearer ${running.token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        headers: answer.headers,
        body: (text === "" ? {} : JSON.parse(text)) as Said["body"],
      };
    },
    async restart() {
      await running.front.close();
      await running.cloud.settled();
      await running.cloud.close();
      // Clients keep connections; here they get to see that theirs are gone.
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      running = await startDigitalOcean(parts, running.port);
    },
    async close() {
      running.cloud.changeSettings({ shutdownMs: 0 });
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    },
  };
}
