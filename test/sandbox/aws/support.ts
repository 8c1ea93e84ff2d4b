import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EBSClient } from "@aws-sdk/client-ebs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { loadHostTools } from "../../../src/host/host-tools.ts";
import { makeSocketDir, socketDirPath, toolsManifestPath } from "../../../src/host/paths.ts";
import { readToolsManifest } from "../../../src/host/tools-manifest.ts";
import { type RunningAws, startAws } from "../../../src/sandbox/aws/index.ts";
import { guestImage } from "../../../src/sandbox/guest/image.ts";

export interface AwsLab {
  readonly aws: RunningAws;
  /** What went wrong in the background, or did not fit its schema. */
  readonly complaints: string[];
  config(overrides?: object): ClientConfig;
  ec2(overrides?: object): EC2Client;
  ebs(overrides?: object): EBSClient;
  /** Ends the server without ceremony (its guests run on) and starts another on the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface ClientConfig {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
  readonly maxAttempts: number;
}

/** A simulated AWS of the test's own. It is quick: what is new is seen at once, and nothing is throttled. */
export async function startAwsLab(settings: object = {}): Promise<AwsLab> {
  const dir = mkdtempSync(join(tmpdir(), "nvc-aws-"));
  chmodSync(dir, 0o711);
  const manifest = toolsManifestPath();
  const tools = loadHostTools(manifest);
  const complaints: string[] = [];
  const parts = {
    tools,
    dir: join(dir, "aws"),
    socketDir: makeSocketDir(dir),
    guestImage: () => guestImage(tools, join(dirname(manifest), "guests")),
    log: (message: string, facts?: object) => {
      complaints.push(
        `${message} ${JSON.stringify(facts, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
      );
    },
  };
  const quick = { consistencyMs: 0, throttling: false, volumeCreatingMs: 0, snapshotPendingMs: 0, imagePendingMs: 0 };
  let running = await startAws(parts, 0);
  running.cloud.changeSettings({ ...quick, ...settings });
  const config = (overrides: object = {}): ClientConfig => {
    const { id, secret } = running.cloud.identity.administratorKeys;
    return {
      region: "us-east-1",
      endpoint: running.endpoint,
      credentials: { accessKeyId: id, secretAccessKey: secret },
      maxAttempts: 1,
      ...overrides,
    };
  };
  return {
    get aws() {
      return running;
    },
    complaints,
    config,
    ec2: (overrides) => new EC2Client(config(overrides)),
    ebs: (overrides) => new EBSClient(config(overrides)),
    async restart() {
      await running.front.close();
      await running.stopTraffic();
      running.cloud.guests.close();
      await running.cloud.disks.close();
      running.cloud.documents.close();
      running = await startAws(parts, running.port);
    },
    async close() {
      running.cloud.changeSettings({ stopGraceMs: 0 });
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    },
  };
}

/** Why no guest can run here, as a sentence; undefined when one can. */
export function whyNoGuests(): string | undefined {
  const manifest = readToolsManifest(toolsManifestPath());
  if (!manifest) return "the tools were not brought in";
  return manifest.guests.possible ? undefined : manifest.guests.reason;
}

/** Tries until it goes well, for up to `withinMs`. */
export async function until<T>(attempt: () => Promise<T>, withinMs = 20_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
