import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../../src/host/ports.ts";
import { NameServerDns } from "../../../src/integrations/dns/index.ts";
import type { TsigAlgorithm } from "../../../src/integrations/dns/tsig.ts";
import { TestPrograms } from "../../support/packages.ts";

const comesUpWithinMs = 60_000;
const keyName = "novacron";
const secret = Buffer.from("a key that only tests have, of 32 bytes.").toString("base64");

export interface RunningBind {
  /** As a site's `name_server` has it. */
  readonly address: string;
  readonly zone: string;
  /** Another zone, with nothing in it. */
  readonly empty: string;
  readonly keyName: string;
  readonly secret: string;
  /** Another one at the same server. */
  dns(other?: {
    algorithm?: TsigAlgorithm;
    secret?: string;
    keyName?: string;
    zones?: readonly string[];
    /** Comes before the first thing that is asked, the second one, and so on. */
    before?: readonly (() => Promise<unknown>)[];
  }): NameServerDns;
  close(): Promise<void>;
}

/** A real BIND, unpacked for tests, which is the primary of a zone whose records our key may change; a text is why not. */
export async function startBind(): Promise<RunningBind | string> {
  const programs = await TestPrograms.bringIn("bind9", ["bind9"]);
  if (typeof programs === "string") return programs;
  const dir = mkdtempSync(join(tmpdir(), "nvc-bind-"));
  const [zone, empty] = ["dr.example", "empty.example"];
  mkdirSync(join(dir, "zones"));
  const file = join(dir, "zones", zone);
  // So many records that a transfer takes several messages.
  const many = Array.from({ length: 2_000 }, (_, index) => `many${index} 300 IN A 192.0.2.${index % 250}`);
  writeFileSync(
    file,
    `$TTL 300
@ IN SOA ns.${zone}. admin\\.of.${zone}. 1 3600 600 86400 60
@ IN NS ns.${zone}.
ns IN A 192.0.2.53
old 300 IN A 192.0.2.10
${many.join("\n")}
`,
  );
  const bare = join(dir, "zones", empty);
  writeFileSync(
    bare,
    `$TTL 300
@ IN SOA ns.${zone}. admin.${zone}. 1 3600 600 86400 60
@ IN NS ns.${zone}.
`,
  );
  // It listens on addresses that an interface has, so not on one of our own.
  const [host, [port]] = ["127.0.0.1", await freePorts(1)];
  const config = join(dir, "named.conf");
  const keys = (["hmac-sha256", "hmac-sha512"] as const).map(
    (algorithm) => `key "${nameOfKey(algorithm)}" { algorithm ${algorithm}; secret "${secret}"; };`,
  );
  const allowed = `{ key "${keyName}"; key "${nameOfKey("hmac-sha512")}"; }`;
  writeFileSync(
    config,
    `${keys.join("\n")}
options {
  directory "${dir}";
  pid-file none;
  session-keyfile "${join(dir, "session.key")}";
  listen-on port ${port} { ${host}; };
  listen-on-v6 { none; };
  recursion no;
  notify no;
  dnssec-validation no;
};
controls { };
logging { channel said { file "said"; }; category default { said; }; };
zone "${zone}" { type primary; file "${file}"; allow-update ${allowed}; allow-transfer ${allowed}; };
zone "${empty}" {
  type primary; file "${bare}";
  update-policy { grant ${keyName} zonesub A AAAA CNAME TXT; };
  allow-transfer ${allowed};
};
`,
  );
  const process = programs.start("named", ["-f", "-c", config, "-n", "1"]);
  const ended = once(process, "exit");
  const address = `${host}:${port}`;
  const dns: RunningBind["dns"] = (other = {}) => {
    const { algorithm = "hmac-sha256", zones = [zone, empty] } = other;
    const place = { site: "onprem-a", address, zones, keyName: other.keyName ?? nameOfKey(algorithm), algorithm };
    const waiting = [...(other.before ?? [])];
    const budget = { take: async () => void (await waiting.shift()?.()) };
    return new NameServerDns({ ...place, key: async () => other.secret ?? secret, budget });
  };
  const close = async () => {
    process.kill("SIGKILL");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + comesUpWithinMs; ; await sleep(50)) {
    const { result, detail } = await dns().check(AbortSignal.timeout(comesUpWithinMs));
    if (result === "pass") return { address, zone, empty, keyName, secret, dns, close };
    if (process.exitCode === null && Date.now() < deadline) continue;
    const said = readFileSync(join(dir, "said"), "utf8");
    await close();
    throw new Error(`named did not come up: ${detail}\n${said}`);
  }
}

function nameOfKey(algorithm: TsigAlgorithm): string {
  return algorithm === "hmac-sha256" ? keyName : `${keyName}-${algorithm}`;
}
