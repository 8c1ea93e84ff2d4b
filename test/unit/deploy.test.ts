import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { isLoopback } from "../../src/api/listen-address.ts";
import { loadConfig } from "../../src/config/config.ts";
import { readRuntime } from "../../src/config/runtime.ts";
import { searchAttributes } from "../../src/domain/search-attributes.ts";
import { readToolsManifest, toolNames } from "../../src/host/tools-manifest.ts";

const project = resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(resolve(project, file), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: object;
  readonly entrypoint?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: object;
}

const compose = parse(read("docker-compose.yml"), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, service]) => service.build !== undefined);

/** Whether a process of ours reads the variable: setting it changes what the settings are. */
function isKnown(name: string): boolean {
  const samples = ["debug", "4711", "some-text"];
  const without = JSON.stringify(readRuntime({}));
  return samples.some((sample) => {
    try {
      return JSON.stringify(readRuntime({ [name]: sample })) !== without;
    } catch {
      return true;
    }
  });
}

describe("docker-compose.yml", () => {
  test("pins every image that is not built here to one version", () => {
    for (const [name, { image }] of services) assert.match(image ?? "", /^[\w./-]+:\d+\.\d+(?:\.\d+)?$/, name);
    for (const line of read("Dockerfile").match(/^FROM .*$/gm) ?? []) assert.match(line, /:\d+\.\d+\.\d+-/);
  });

  test("sets no variable that our processes do not know", () => {
    assert.deepEqual(ours.map(([name]) => name).sort(), ["api", "api-port", "worker"]);
    for (const [service, { environment = {} }] of ours) {
      for (const name of Object.keys(environment)) assert.ok(isKnown(name), `${service}: ${name}`);
    }
    assert.ok(!isKnown("NOVACRON_NO_SUCH_THING"));
  });

  test("starts programs that are there, and gives every lasting service of weight a health check", () => {
    for (const name of ["api", "worker"]) assert.ok(read(compose.services[name]?.command?.[1] ?? "").length > 0);
    const unchecked = services.filter(([, service]) => !service.healthcheck).map(([name]) => name);
    assert.deepEqual(unchecked, ["temporal-attributes", "temporal-ui", "api-port"]);
  });

  test("lets the API listen where it agrees to, and publishes ports on loopback only", () => {
    assert.ok(isLoopback(compose.services.api?.environment?.NOVACRON_API_HOST ?? ""));
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) assert.ok(port.startsWith("127.0.0.1:"), `${name}: ${port}`);
    }
    assert.equal(compose.services.postgres?.ports, undefined);
    assert.equal(compose.services.temporal?.ports, undefined);
  });

  test("depends on and joins only what it defines", () => {
    for (const [name, { depends_on = {}, networks = [] }] of services) {
      for (const other of Object.keys(depends_on)) assert.ok(other in compose.services, `${name}: ${other}`);
      for (const network of networks) assert.ok(network in compose.networks, `${name}: ${network}`);
    }
  });

  test("registers exactly the search attributes that the runs use", () => {
    const script = compose.services["temporal-attributes"]?.entrypoint?.at(-1) ?? "";
    const names = new Set(script.match(/\bNovacron[A-Z]\w*/g));
    assert.deepEqual([...names].sort(), Object.keys(searchAttributes).sort());
    assert.match(script, new RegExp(`-ge ${Object.keys(searchAttributes).length} `));
    const integers = Object.entries(searchAttributes).filter(([, type]) => type === "INT");
    for (const [name] of integers) assert.match(script, new RegExp(`--name ${name} --type Int`));
  });

  test("holds no secret", () => {
    assert.doesNotMatch(read("docker-compose.yml"), /(?:PASSWORD|PWD|TOKEN):\s*["']?[A-Za-z0-9]/);
  });
});

describe("the systemd units", () => {
  test("set only variables that our processes know", () => {
    const set = [
      ...read("deploy/systemd/novacron.env.example").matchAll(/^(\w+)=/gm),
      ...["api", "worker", "site-worker"].flatMap((name) =>
        [...read(`deploy/systemd/novacron-${name}.service`).matchAll(/^Environment=(.*)$/gm)].flatMap((line) => [
          ...(line[1] ?? "").matchAll(/(\w+)=/g),
        ]),
      ),
    ].map((match) => match[1] ?? "");
    assert.ok(set.length > 8);
    for (const name of set) assert.ok(["NODE_ENV", "NOVACRON_HOME"].includes(name) || isKnown(name), name);
  });
});

describe("the image's tools", () => {
  test("are all accounted for, in the manifest's present version", () => {
    const manifest = readToolsManifest(resolve(project, "deploy/tools.json"));
    assert.deepEqual(Object.keys(manifest?.tools ?? {}), [...toolNames]);
  });
});

describe("the configurations that people copy", () => {
  test("load as they are", () => {
    const deployed = loadConfig({ file: resolve(project, "deploy/novacron.yaml"), env: {} });
    assert.equal(deployed.sites.length, 1);
    const folder = mkdtempSync(join(tmpdir(), "nvc-doc-"));
    try {
      const example = /```yaml\n([\s\S]*?)```/.exec(read("README.md"))?.[1] ?? "";
      writeFileSync(join(folder, "readme.yaml"), example);
      assert.equal(loadConfig({ file: join(folder, "readme.yaml"), env: {} }).sites.length, 3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
