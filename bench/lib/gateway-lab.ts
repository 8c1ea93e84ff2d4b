import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TestPrograms } from "../../test/support/packages.ts";
import { temporaryDir } from "../../test/support/servers.ts";

const packages = [
  ...["charon-systemd", "strongswan-swanctl", "libcharon-extra-plugins", "libstrongswan-standard-plugins"],
  ...["tcpdump", "iputils-ping"],
];
/** As docs/networking.md has it, for a failover within seconds. */
const patience = "retransmit_tries = 2\n  retransmit_timeout = 0.2\n  retransmit_base = 1.0";
const plugins =
  "random nonce openssl pem pkcs1 x509 revocation constraints pubkey curve25519 gcm aes sha2 hmac kdf kernel-libipsec kernel-netlink socket-default vici updown";

export interface Gateway {
  readonly name: string;
  readonly namespace: string;
  readonly vici: string;
  readonly addresses: readonly string[];
  /** Of the network behind it, which is one address. */
  readonly network: string;
  readonly host: string;
}

/** Two gateways in network namespaces of their own, joined by two links: real strongSwan, whose ESP is done in user space. */
export class GatewayLab {
  readonly near: Gateway;
  readonly far: Gateway;
  readonly #root: string;
  readonly #dir = temporaryDir();
  readonly #processes: ChildProcess[] = [];
  readonly #daemons = new Map<Gateway, ChildProcess>();

  private constructor(root: string) {
    this.#root = root;
    const tag = `nvc${process.pid % 10_000}`;
    const gateway = (name: string, number: number): Gateway => ({
      name,
      namespace: `${tag}${name}`,
      vici: join(this.#dir, `${name}.vici`),
      addresses: [1, 2].map((link) => `198.18.${link}.${number}`),
      network: `10.77.${number}.0/24`,
      host: `10.77.${number}.1`,
    });
    this.near = gateway("a", 1);
    this.far = gateway("b", 2);
  }

  /** The gateways, or why there can be none here. */
  static async start(): Promise<GatewayLab | string> {
    if (process.getuid?.() !== 0) return "network namespaces and TUN devices want root";
    const programs = await TestPrograms.bringIn("strongswan", packages);
    if (typeof programs === "string") return programs;
    const lab = new GatewayLab(programs.root);
    try {
      lab.#link();
      await Promise.all([lab.start(lab.near), lab.start(lab.far)]);
      return lab;
    } catch (error) {
      await lab.stop();
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** What finds `ping` where the machine has none. */
  get path(): string {
    return `${join(this.#root, "usr/bin")}:${process.env.PATH ?? ""}`;
  }

  /** Takes the link's carrier away. */
  cut(link: 1 | 2): void {
    ip("-n", this.near.namespace, "link", "set", `nv${link}`, "down");
  }

  /** Sends what goes over the link nowhere, both ways, without a word to either end. */
  silence(link: 1 | 2): void {
    for (const gateway of [this.near, this.far]) {
      const peer = this.#peerOf(gateway).addresses[link - 1] ?? "";
      const nowhere = ["lladdr", "02:00:00:00:00:fe", "dev", `nv${link}`, "nud", "permanent"];
      ip("-n", gateway.namespace, "neigh", "replace", peer, ...nowhere);
    }
  }

  /** The link that most of the near gateway's packets take within a moment. */
  async carrying(): Promise<1 | 2> {
    const sent = () => ([1, 2] as const).map((link) => this.#packetsSent(link));
    const before = sent();
    await sleep(500);
    const [first = 0, second = 0] = sent().map((count, index) => count - (before[index] ?? 0));
    return first >= second ? 1 : 2;
  }

  #packetsSent(link: 1 | 2): number {
    const args = ["-n", this.near.namespace, "-s", "-j", "link", "show", `nv${link}`];
    const { stdout } = spawnSync("ip", args, { encoding: "utf8" });
    const [shown] = JSON.parse(stdout) as { stats64: { tx: { packets: number } } }[];
    return shown?.stats64.tx.packets ?? 0;
  }

  mend(link: 1 | 2): void {
    ip("-n", this.near.namespace, "link", "set", `nv${link}`, "up");
    for (const gateway of [this.near, this.far]) {
      const peer = this.#peerOf(gateway).addresses[link - 1] ?? "";
      spawnSync("ip", ["-n", gateway.namespace, "neigh", "del", peer, "dev", `nv${link}`]);
    }
  }

  /** Pings through the tunnels until the returned function is called, which gives what came of them. */
  ping(everyMs: number): () => Promise<{ sent: number; answered: number; longestGapMs: number }> {
    const args = ["ping", "-n", "-i", String(everyMs / 1_000), "-W", "1", "-I", this.near.host, this.far.host];
    const child = this.run(this.near, args);
    const at: number[] = [performance.now()];
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      const text = chunk.toString("utf8");
      said += text;
      at.push(...Array.from(text.matchAll(/time=/g), () => performance.now()));
    });
    return async () => {
      child.kill("SIGINT");
      await once(child);
      const gaps = [...at.slice(1), performance.now()].map((time, index) => time - (at[index] ?? time));
      const [, sent, answered] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
      return { sent: Number(sent), answered: Number(answered), longestGapMs: Math.max(...gaps) };
    };
  }

  /** Packets that a link carries, until the returned function is called, which gives what was seen. */
  capture(link: 1 | 2): () => Promise<string> {
    const child = this.run(this.near, ["tcpdump", "-n", "-l", "-Z", "root", "-i", `nv${link}`, "--immediate-mode"]);
    let seen = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      seen += chunk.toString("utf8");
    });
    return async () => {
      child.kill("SIGINT");
      await once(child);
      return seen;
    };
  }

  /** A program of the packages in a gateway's network. */
  run(gateway: Gateway, command: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    // The daemon finds its plugins where it was built to, so the packages lie over /usr.
    const script = 'mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr || exit 1; exec "$@"';
    const args = ["netns", "exec", gateway.namespace, "sh", "-c", script, this.#root, ...command];
    const child = spawn("ip", args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#processes.push(child);
    child.stderr?.resume();
    return child;
  }

  /** Starts a gateway's daemon. */
  async start(gateway: Gateway): Promise<ChildProcess> {
    const conf = join(this.#dir, `${gateway.name}.conf`);
    const log = join(this.#dir, `${gateway.name}.log`);
    writeFileSync(
      conf,
      `charon-systemd {
  load = ${plugins}
  install_routes = no
  ${patience}
  plugins {
    vici { socket = unix://${gateway.vici} }
    kernel-libipsec { allow_peer_ts = no }
  }
  filelog { f { path = ${log}
    default = 1
    flush_line = yes } }
}
`,
    );
    const child = this.run(gateway, ["charon-systemd"], { STRONGSWAN_CONF: conf });
    this.#daemons.set(gateway, child);
    for (let tries = 0; tries < 100; tries++) {
      const up = spawnSync("ip", ["-n", gateway.namespace, "link", "show", "ipsec0"]).status === 0;
      if (up) break;
      if (child.exitCode !== null) throw new Error(`strongSwan ended with ${child.exitCode}; see ${log}`);
      await sleep(100);
    }
    ip("-n", gateway.namespace, "link", "set", "ipsec0", "up", "mtu", "1400");
    ip(
      "-n",
      gateway.namespace,
      "route",
      "replace",
      this.#peerOf(gateway).network,
      "dev",
      "ipsec0",
      "src",
      gateway.host,
    );
    return child;
  }

  /** Kills a gateway's daemon, and starts it anew: it knows of nothing. */
  async restart(gateway: Gateway): Promise<void> {
    const running = this.#daemons.get(gateway);
    running?.kill("SIGKILL");
    if (running) await once(running);
    await this.start(gateway);
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) child.kill("SIGTERM");
    const running = this.#processes.filter((child) => child.exitCode === null && child.signalCode === null);
    await Promise.all(running.map((child) => once(child)));
    for (const { namespace } of [this.near, this.far]) spawnSync("ip", ["netns", "del", namespace]);
  }

  #peerOf(gateway: Gateway): Gateway {
    return gateway === this.near ? this.far : this.near;
  }

  #link(): void {
    mkdirSync(this.#dir, { recursive: true });
    for (const { namespace, host } of [this.near, this.far]) {
      ip("netns", "add", namespace);
      ip("-n", namespace, "link", "set", "lo", "up");
      ip("-n", namespace, "addr", "add", `${host}/32`, "dev", "lo");
    }
    for (const link of [1, 2]) {
      const name = `nv${link}`;
      ip(
        "-n",
        this.near.namespace,
        "link",
        "add",
        name,
        "type",
        "veth",
        "peer",
        "name",
        name,
        "netns",
        this.far.namespace,
      );
      for (const { namespace, addresses } of [this.near, this.far]) {
        ip("-n", namespace, "addr", "add", `${addresses[link - 1]}/24`, "dev", name);
        ip("-n", namespace, "link", "set", name, "up");
      }
    }
  }
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync("ip", [...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.trim()}`);
}

function once(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
