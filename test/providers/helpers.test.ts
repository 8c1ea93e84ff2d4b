import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isProviderError } from "../../src/domain/errors.ts";
import { conflict } from "../../src/providers/failures.ts";
import { type HelperCloud, type HelperInstance, type HelperLaunch, Helpers } from "../../src/providers/helpers.ts";

const program = fileURLToPath(new URL("../../src/transfer/block-service/main.ts", import.meta.url));
const signal = AbortSignal.timeout(60_000);
const disk = { owner: "g-1", diskId: "disk", device: "disk" };

/** Machines that are processes beside a file, each at an address of its own. */
class Machines implements HelperCloud {
  readonly devices = mkdtempSync(join(tmpdir(), "nc-helpers-"));
  readonly file = join(this.devices, "disk");
  readonly launched: HelperLaunch[] = [];
  readonly #running = new Map<string, { owner: string; host: string; child: ChildProcess }>();
  startsNothing = false;

  constructor(content: Uint8Array) {
    writeFileSync(this.file, content);
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  async launch(input: HelperLaunch): Promise<string> {
    this.launched.push(input);
    const host = `127.91.${process.pid % 250}.${this.launched.length}`;
    const env = {
      ...process.env,
      NOVACRON_BLOCK_SERVICE: this.startsNothing ? "" : input.settings,
      NOVACRON_LISTEN_HOST: host,
      NOVACRON_DEVICES: this.devices,
    };
    const child = spawn(process.execPath, [program], { env, stdio: "ignore" });
    this.#running.set(input.name, { owner: input.owner, host, child });
    return input.name;
  }

  async *list(owner: string | undefined): AsyncGenerator<HelperInstance> {
    for (const [helperId, { owner: its, child }] of [...this.#running]) {
      if (owner === undefined || owner === its) yield { helperId, owner: its, ended: child.exitCode !== null };
    }
  }

  async address(helperId: string): Promise<string | undefined> {
    return this.#running.get(helperId)?.host;
  }

  async remove(helperId: string): Promise<void> {
    const machine = this.#running.get(helperId);
    if (!machine) return;
    const ended = new Promise((resolve) => machine.child.once("exit", resolve));
    if (machine.child.exitCode === null && machine.child.kill("SIGKILL")) await ended;
    this.#running.delete(helperId);
  }

  /** The machine's program has ended by itself. */
  async ended(helperId: string): Promise<void> {
    const child = this.#running.get(helperId)?.child;
    if (child && child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  }

  async close(): Promise<void> {
    for (const id of this.ids) await this.remove(id);
    rmSync(this.devices, { recursive: true, force: true });
  }
}

describe("helper instances", () => {
  const clouds: Machines[] = [];
  after(async () => {
    for (const cloud of clouds) await cloud.close();
  });
  function given(startWithinMs = 30_000): { cloud: Machines; helpers: Helpers } {
    const cloud = new Machines(Buffer.alloc(1024 * 1024, 7));
    clouds.push(cloud);
    const log = () => undefined;
    return { cloud, helpers: new Helpers(cloud, { site: "s", pollMs: { first: 20, most: 200 }, startWithinMs, log }) };
  }

  test("a handle is a machine of its own, which goes with it", async () => {
    const { cloud, helpers } = given();
    const source = await helpers.openSource(disk, signal);
    const bytes = Buffer.alloc(512);
    await source.read(4096, bytes, signal);
    assert.ok(bytes.equals(Buffer.alloc(512, 7)));
    assert.ok(source.hashes);
    assert.equal(cloud.ids.length, 1);
    await source.close();
    await source.close();
    assert.deepEqual(cloud.ids, []);
  });

  test("a new attempt takes the earlier one's handle away, and what it wrote stays", async () => {
    const { cloud, helpers } = given();
    const first = await helpers.openSink(disk, signal);
    await first.write(0, Buffer.alloc(512, 1), signal);
    await first.flush(signal);
    const second = await helpers.openSink(disk, signal);
    await assert.rejects(first.write(512, Buffer.alloc(512, 2), signal), (error) =>
      isProviderError(error, "Unavailable"),
    );
    await second.write(512, Buffer.alloc(512, 3), signal);
    await second.flush(signal);
    const written = readFileSync(cloud.file);
    assert.deepEqual([written[0], written[512], written[1024]], [1, 3, 7]);
    const keys = cloud.launched.map(({ settings }) => (JSON.parse(settings) as { key: string }).key);
    assert.notEqual(keys[0], keys[1]);
    await first.close();
    assert.equal(cloud.ids.length, 1);
    await helpers.removeAll(disk.owner, signal);
    await assert.rejects(second.flush(signal));
  });

  test("a machine whose owner died ends by itself, and the next launch removes it", async () => {
    const { cloud, helpers } = given();
    const lost = await helpers.openSource({ ...disk, owner: "g-2" }, signal);
    const [left = ""] = cloud.ids;
    // Its session ends without anybody removing the machine.
    const remove = cloud.remove.bind(cloud);
    cloud.remove = async () => {
      throw new Error("nobody is there");
    };
    await lost.close();
    cloud.remove = remove;
    await cloud.ended(left);
    assert.deepEqual(cloud.ids, [left]);
    const source = await helpers.openSource(disk, signal);
    assert.ok(!cloud.ids.includes(left));
    await source.close();
  });

  test("an order that was refused as it was taken leaves no machine, and is given again", async () => {
    const { cloud, helpers } = given();
    const launch = cloud.launch.bind(cloud);
    const list = cloud.list.bind(cloud);
    cloud.launch = async (input) => {
      const id = await launch(input);
      if (cloud.launched.length > 1) return id;
      throw conflict({ operation: "launch", resource: id }, "the disk is in use", "Try again.");
    };
    // Nor does it need the machines that others left.
    cloud.list = (owner) => {
      if (owner === undefined) throw new Error("no list");
      return list(owner);
    };
    const source = await helpers.openSource(disk, signal);
    const names = cloud.launched.map(({ name }) => name);
    assert.deepEqual(cloud.ids, names.slice(1));
    assert.equal(new Set(names).size, 2);
    await source.close();
    cloud.launch = async (input) => {
      await launch(input);
      throw new Error("no answer");
    };
    await assert.rejects(helpers.openSource(disk, signal), /no answer/);
    assert.deepEqual(cloud.ids, []);
  });

  test("a machine that never answers is removed, and its key is told nobody", async () => {
    const { cloud, helpers } = given(300);
    cloud.startsNothing = true;
    await assert.rejects(helpers.openSource(disk, signal), (error) => {
      const { key } = JSON.parse(cloud.launched[0]?.settings ?? "{}") as { key: string };
      assert.ok(key.length > 40 && !String(error).includes(key));
      return isProviderError(error, "Unavailable");
    });
    assert.deepEqual(cloud.ids, []);
  });
});
