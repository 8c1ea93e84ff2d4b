import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";

const project = resolve(import.meta.dirname, "../..");

/** A file, one import of it, and the rule that must object; undefined where the import is right. */
type Case = readonly [file: string, code: string, rule: string | undefined];

const byValue = (target: string) => `import { x } from "${target}";\nconsole.log(x);\n`;
const asType = (target: string) => `import type { X } from "${target}";\nexport type Y = X;\n`;

const cases: readonly Case[] = [
  ["src/domain/a1.ts", byValue("ipaddr.js"), undefined],
  ["src/domain/a2.ts", byValue("pg"), "domain-by-value"],
  ["src/domain/a3.ts", byValue("node:fs"), "domain-by-value"],
  ["src/domain/a4.ts", asType("../store/y.ts"), "domain-as-types"],
  ["src/workflows/do-it/a1.ts", byValue("@temporalio/workflow"), undefined],
  ["src/workflows/do-it/a2.ts", asType("../../activities/y.ts"), undefined],
  ["src/workflows/do-it/a3.ts", byValue("../../activities/y.ts"), "workflows-by-value"],
  ["src/workflows/do-it/a4.ts", asType("../../store/y.ts"), "workflows-as-types"],
  ["src/workflows/do-it/a5.ts", byValue("node:fs"), "workflows-by-value"],
  ["src/workflows/do-it/a6.ts", byValue("@temporalio/client"), "workflows-by-value"],
  ["src/activities/a1.ts", asType("../providers/provider.ts"), undefined],
  ["src/activities/a2.ts", asType("../store/y.ts"), undefined],
  ["src/activities/a3.ts", byValue("../store/y.ts"), "activities-by-value"],
  ["src/activities/a4.ts", asType("../providers/libvirt/y.ts"), "activities-as-types"],
  ["src/activities/a5.ts", byValue("../transfer/ports.ts"), "activities-by-value"],
  ["src/activities/a6.ts", byValue("../providers/libvirt/y.ts"), "activities-by-value"],
  ["src/transfer/a1.ts", byValue("node:fs"), undefined],
  ["src/transfer/a2.ts", byValue("@temporalio/client"), "transfer-by-value"],
  ["src/transfer/a3.ts", asType("../providers/provider.ts"), "transfer-as-types"],
  ["src/transfer/a4.ts", asType("../store/y.ts"), "transfer-as-types"],
  ["src/store/a1.ts", byValue("pg"), undefined],
  ["src/store/a2.ts", asType("../transfer/ports.ts"), undefined],
  ["src/store/a3.ts", byValue("../transfer/ports.ts"), "store-by-value"],
  ["src/store/a4.ts", asType("../activities/y.ts"), "store-as-types"],
  ["src/store/a5.ts", byValue("@temporalio/client"), "store-by-value"],
  ["src/temporal/a1.ts", byValue("@temporalio/client"), undefined],
  ["src/temporal/a2.ts", asType("../workflows/do-it/y.ts"), undefined],
  ["src/temporal/a3.ts", byValue("../workflows/do-it/y.ts"), "temporal-by-value"],
  ["src/temporal/a4.ts", asType("../providers/provider.ts"), "temporal-as-types"],
  ["src/integrations/a1.ts", byValue("pg"), undefined],
  ["src/integrations/a2.ts", byValue("@temporalio/client"), "integrations-never"],
  ["src/integrations/a3.ts", asType("../store/y.ts"), "integrations-as-types"],
  ["src/integrations/a4.ts", asType("../providers/provider.ts"), undefined],
  ["src/integrations/a5.ts", asType("../providers/libvirt/y.ts"), "integrations-as-types"],
  ["src/integrations/a6.ts", byValue("../providers/registry.ts"), "integrations-by-value"],
  ["src/traffic/a1.ts", byValue("../domain/y.ts"), undefined],
  ["src/traffic/a2.ts", byValue("@temporalio/client"), "traffic-by-value"],
  ["src/traffic/a3.ts", asType("../store/y.ts"), "traffic-as-types"],
  ["src/traffic/a4.ts", byValue("../config/y.ts"), "traffic-by-value"],
  ["src/traffic/main.ts", byValue("../config/y.ts"), undefined],
  ["src/config/a1.ts", byValue("yaml"), undefined],
  ["src/config/a2.ts", byValue("pg"), "config-by-value"],
  ["src/config/a3.ts", asType("../store/y.ts"), "config-as-types"],
  ["src/host/a1.ts", byValue("../domain/y.ts"), undefined],
  ["src/host/a2.ts", byValue("pg"), "host-by-value"],
  ["src/host/a3.ts", asType("../config/y.ts"), "host-as-types"],
  ["src/api/a1.ts", byValue("../store/y.ts"), undefined],
  ["src/api/a2.ts", byValue("../workflows/do-it/messages.ts"), undefined],
  ["src/api/a3.ts", asType("../workflows/do-it/y.ts"), undefined],
  ["src/api/a4.ts", byValue("../workflows/do-it/y.ts"), "api-by-value"],
  ["src/api/a5.ts", asType("../activities/y.ts"), "api-as-types"],
  ["src/api/a6.ts", asType("../providers/libvirt/y.ts"), "api-as-types"],
  ["src/api/a7.ts", byValue("../host/y.ts"), "api-by-value"],
  ["src/api/main.ts", byValue("../host/y.ts"), undefined],
  ["web/src/a1.ts", asType("../../src/cli/generated/y.ts"), undefined],
  ["web/src/a2.ts", byValue("../../src/cli/generated/y.ts"), "web-by-value"],
  ["web/src/a3.ts", asType("../../src/domain/y.ts"), "web-as-types"],
  ["web/src/a4.ts", byValue("pg"), "web-by-value"],
  ["web/src/lib/a1.ts", byValue("react"), "web-lib-by-value"],
  ["src/cli/a1.ts", byValue("./generated/y.ts"), undefined],
  ["src/cli/a2.ts", byValue("../host/y.ts"), undefined],
  ["src/cli/a3.ts", byValue("../api/y.ts"), "cli-by-value"],
  ["src/cli/a4.ts", asType("../store/y.ts"), "cli-as-types"],
  ["src/cli/a5.ts", byValue("@temporalio/client"), "cli-never"],
  ["src/worker/a1.ts", byValue("../providers/libvirt/y.ts"), undefined],
  ["src/worker/a2.ts", byValue("../sandbox/y.ts"), "worker-by-value"],
  ["src/worker/a3.ts", asType("../api/y.ts"), "worker-as-types"],
  ["src/sandbox/a1.ts", byValue("../transfer/formats/y.ts"), undefined],
  ["src/sandbox/a2.ts", asType("../providers/provider.ts"), "sandbox-as-types"],
  ["src/sandbox/a3.ts", byValue("../providers/libvirt/y.ts"), "sandbox-by-value"],
  ["src/sandbox/a4.ts", byValue("@temporalio/client"), "sandbox-never"],
  ["src/providers/libvirt/a1.ts", byValue("../../transfer/nbd/y.ts"), undefined],
  ["src/providers/libvirt/a2.ts", byValue("../../store/y.ts"), "providers-libvirt-by-value"],
  ["src/providers/libvirt/a3.ts", byValue("@temporalio/client"), "providers-libvirt-by-value"],
  ["src/providers/libvirt/a4.ts", asType("../../transfer/y.ts"), "providers-libvirt-as-types"],
  ["src/providers/other/a1.ts", byValue("../libvirt/y.ts"), "providers-listed"],
  ["src/providers/port.ts", byValue("./libvirt/y.ts"), "providers-port-by-value"],
  ["src/providers/shape.ts", asType("./libvirt/y.ts"), "providers-port-as-types"],
  ["src/providers/registry.ts", byValue("./libvirt/y.ts"), undefined],
  ["src/attic/a1.ts", byValue("../domain/y.ts"), "rooms-listed"],
  ["src/domain/c1.ts", `import { x } from "./c2.ts";\nexport const z = x;\n`, "no-cycles"],
  ["src/domain/t1.ts", `import type { Z } from "./t2.ts";\nexport type X = Z;\n`, undefined],
  ["src/sandbox/a5.ts", byValue("../host/y.ts"), undefined],
  ["src/worker/d1.ts", byValue("only-for-tests"), "no-development-packages"],
  ["src/worker/d2.ts", asType("only-for-tests"), undefined],
  ["src/domain/u1.ts", byValue("./nowhere.ts"), "resolvable"],
];

const packages = ["only-for-tests", "react", "pg", "yaml", "ipaddr.js", "@temporalio/client", "@temporalio/workflow"];
const rooms = ["domain", "workflows/do-it", "activities", "transfer", "transfer/nbd", "transfer/formats", "store"];
const more = ["config", "host", "api", "cli/generated", "sandbox", "providers/libvirt"];

describe("room boundaries", () => {
  let folder: string;
  const found = new Map<string, Set<string>>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "nvc-rooms-"));
    const write = async (file: string, text: string) => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    };
    await cp(join(project, "tsconfig.json"), join(folder, "tsconfig.json"));
    const target = "export const x = 1;\nexport type X = 1;\n";
    for (const room of [...rooms, ...more]) await write(`src/${room}/y.ts`, target);
    for (const file of ["transfer/ports", "providers/provider", "workflows/do-it/messages"]) {
      await write(`src/${file}.ts`, target);
    }
    for (const name of packages) {
      await write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
      await write(`node_modules/${name}/index.js`, "exports.x = 1;\n");
    }
    await write("src/domain/c2.ts", `import { z } from "./c1.ts";\nexport const x = z;\n`);
    await write("src/domain/t2.ts", `import type { X } from "./t1.ts";\nexport type Z = X;\n`);
    for (const [file, code] of cases) await write(file, code);
    const [development = [], ...production] = packages.map((name) => [name, "1.0.0"]);
    const manifest = {
      dependencies: Object.fromEntries(production),
      devDependencies: Object.fromEntries([development]),
    };
    await write("package.json", JSON.stringify(manifest));
    const args = ["--config", join(project, ".dependency-cruiser.cjs"), "--output-type", "json", "src", "web"];
    const program = join(project, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
    const output = await new Promise<string>((done) =>
      execFile(process.execPath, [program, ...args], { cwd: folder, maxBuffer: 1 << 26 }, (_error, stdout, stderr) =>
        done(stdout || stderr),
      ),
    );
    const { summary } = JSON.parse(output) as { summary: { violations: { from: string; rule: { name: string } }[] } };
    for (const { from, rule } of summary.violations) {
      found.set(from, (found.get(from) ?? new Set()).add(rule.name));
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [file, code, rule] of cases) {
    const subject = `${file}: ${code.split("\n")[0]}`;
    test(rule ? `refuses ${subject}` : `allows ${subject}`, () => {
      const rules = [...(found.get(file) ?? [])];
      if (rule) assert.ok(rules.includes(rule), `expected ${rule}, got ${rules.join(", ") || "nothing"}`);
      else assert.deepEqual(rules, []);
    });
  }
});
