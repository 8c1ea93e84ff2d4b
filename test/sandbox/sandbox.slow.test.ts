import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { continues, readJournal } from "../../src/cli/demo/journal.ts";
import { sandboxCall } from "../../src/cli/demo/sandbox-admin.ts";
import { tagKeys, type Vm } from "../../src/domain/vm.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { makeSocketDir, socketDirPath, toolsManifestPath } from "../../src/host/paths.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { createRegistry, type ProviderEntry } from "../../src/providers/registry.ts";
import { harness } from "../providers/support/libvirt.ts";

const main = fileURLToPath(new URL("../../src/sandbox/main.ts", import.meta.url));
const signal = AbortSignal.timeout(120_000);

test("the sandbox's sites and guests survive whatever dies, and end without a trace", {
  skip: harness.unavailable() ?? false,
  timeout: 120_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), "nvc-s-"));
  const sitesFile = join(dir, "sites.json");
  const socket = join(makeSocketDir(dir), "sandbox.sock");
  let sandbox: ChildProcess | undefined;
  after(async () => {
    if (sandbox) await end(sandbox, "SIGTERM");
    for (const pid of processesBelow(dir)) process.kill(pid, "SIGKILL");
    rmSync(dir, { recursive: true, force: true });
    rmSync(socketDirPath(dir), { recursive: true, force: true });
  });
  const start = async () => {
    const env = {
      ...process.env,
      NOVACRON_INSTANCE_DIR: dir,
      NOVACRON_SITES: sitesFile,
      NOVACRON_TOOLS: toolsManifestPath(),
      NOVACRON_LOG_LEVEL: "warn",
    };
    sandbox = spawn(process.execPath, [main], { env, stdio: ["ignore", "ignore", "inherit"] });
    await until(() => sandboxCall(socket, "GET", "/health"), sandbox);
  };

  await start();
  const { providers } = JSON.parse(readFileSync(sitesFile, "utf8")) as {
    providers: { name: string; type: string; enabled: boolean; uri: string; storage_path: string; sandbox: boolean }[];
  };
  assert.deepEqual(
    providers.map(({ name, type, sandbox: simulated }) => [name, type, simulated]),
    [
      ["onprem-a", "libvirt", true],
      ["onprem-b", "libvirt", true],
      ["aws", "aws", true],
      ["azure", "azure", true],
      ["gcp", "gcp", true],
      ["oci", "oci", true],
      ["digitalocean", "digitalocean", true],
    ],
  );
  const entries = providers.map(
    ({ name, storage_path: storagePath, ...entry }): ProviderEntry => ({ ...entry, site: name, storagePath }),
  );
  const registry = createRegistry(entries, {
    tools: loadHostTools(toolsManifestPath()),
    runDir: socketDirPath(dir),
    context: (site) => ({ site, budget: () => ({ take: async () => {} }), log: () => {} }),
  });
  after(() => registry.close());
  const provider = await registry.provider("onprem-a");
  assert.equal(provider.simulated, false);
  await assert.rejects(registry.provider("onprem-c"), /onprem-a, onprem-b/);

  const { vmId } = await sandboxCall<{ vmId: string }>(socket, "POST", "/guests", { site: "onprem-a", name: "app" });
  const vm = await booted(provider, vmId);
  assert.deepEqual(vm.publishPorts, [8080]);
  const bootId = await bootIdOf(vm);
  const journal = readJournal(await page(vm, "journal"));
  assert.ok(journal.length > 0);

  // libvirt's daemon dies: the guest runs on, and the site comes back.
  const daemon = processesBelow(socketDirPath(dir), "libvirtd")[0];
  assert.ok(daemon, "no libvirtd");
  process.kill(daemon, "SIGKILL");
  await until(async () => assert.equal((await provider.compute.getVm(vmId, signal)).state, "running"));
  assert.equal(await bootIdOf(await provider.compute.getVm(vmId, signal)), bootId);

  // The sandbox itself dies: the next one finds hosts and guest as they are.
  await end(sandbox as ChildProcess, "SIGKILL");
  await start();
  const found = await provider.compute.getVm(vmId, signal);
  assert.equal(await bootIdOf(found), bootId);

  const data = await sandboxCall<{ vmId: string }>(socket, "POST", "/data-vms", {
    site: "onprem-a",
    name: "data",
    disks: [{ sizeBytes: 2 ** 26 + 512, dataBytes: 3 * 2 ** 20 }],
  });
  const dataVm = await provider.compute.getVm(data.vmId, signal);
  assert.deepEqual([dataVm.state, dataVm.disks[0]?.sizeBytes], ["stopped", 2 ** 26 + 512]);
  await sandboxCall(socket, "DELETE", `/guests/onprem-a/${data.vmId}`);
  await assert.rejects(provider.compute.getVm(data.vmId, signal));

  // A stop powers the guests off and leaves no process; the next start brings them back with what they wrote.
  await end(sandbox as ChildProcess, "SIGTERM");
  const left = [...processesBelow(dir), ...processesBelow(socketDirPath(dir))];
  // The provider's own questions to libvirt stay open for the next ones: they are this process's.
  assert.deepEqual(left.filter(isOthers), []);
  await start();
  const again = await booted(provider, vmId);
  assert.notEqual(await bootIdOf(again), bootId);
  assert.ok(continues(journal, readJournal(await page(again, "journal"))), "the journal lost lines");
  assert.deepEqual(await provider.compute.stopVm(vmId, { graceMs: 20_000 }, signal), { forced: false });
});

/** Waits for the guest's own word on its console, then for its application. */
async function booted(provider: Provider, vmId: string): Promise<Vm> {
  await until(async () => {
    const vm = await provider.compute.getVm(vmId, signal);
    const marker = new RegExp(vm.tags[tagKeys.bootMarker] ?? "no marker");
    assert.match(await provider.compute.consoleOutput(vmId, 65_536, signal), marker);
  });
  const vm = await provider.compute.getVm(vmId, signal);
  await until(() => page(vm, "state"));
  return vm;
}

async function bootIdOf(vm: Vm): Promise<string> {
  return (JSON.parse(await page(vm, "state")) as { boot_id: string }).boot_id;
}

async function page(vm: Vm, name: string): Promise<string> {
  const [endpoint] = vm.endpoints;
  assert.ok(endpoint, "nothing is published");
  const answer = await fetch(`http://${endpoint.host}:${endpoint.port}/cgi-bin/${name}`, {
    signal: AbortSignal.timeout(20_000),
  });
  assert.equal(answer.status, 200);
  return answer.text();
}

async function until(attempt: () => Promise<unknown>, process?: ChildProcess): Promise<void> {
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (signal.aborted || typeof process?.exitCode === "number") throw error;
      await sleep(100);
    }
  }
}

async function end(child: ChildProcess, how: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(how);
  await ended;
}

/** Whether it runs and was not started by this process. */
function isOthers(pid: number): boolean {
  try {
    const [, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return Number(parent) !== process.pid;
  } catch {
    return false;
  }
}

/** Processes whose arguments name something in the folder. */
function processesBelow(folder: string, program = ""): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return [];
    try {
      const line = readFileSync(`/proc/${entry}/cmdline`, "utf8");
      return line.includes(`${folder}/`) && line.includes(program) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}
