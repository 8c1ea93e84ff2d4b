import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type PeerCertificate, type SecureVersion } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import express from "express";
import { pino } from "pino";
import { listen, ownNames, type TlsSource, wantsHsts } from "../../src/api/listen.ts";
import { readTls } from "../../src/api/tls/reload.ts";
import { ensureSelfMade, fingerprint, selfMadeFiles } from "../../src/api/tls/self-made.ts";
import { startTestApi } from "./support/harness.ts";

const dayMs = 86_400_000;
const log = pino({ level: "silent" });
const dir = await mkdtemp(join(tmpdir(), "nvc-tls-"));
const ended = new AbortController();
const servers: Server[] = [];
after(async () => {
  ended.abort();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await rm(dir, { recursive: true, force: true });
});

const names = ["localhost", "127.0.0.1"];
const text = (file: string) => readFile(file, "utf8");

async function serve(tls: TlsSource): Promise<number> {
  const app = express().get("/", (_request, response) => void response.send("here"));
  const server = await listen(app, { host: "127.0.0.1", port: 0, tls, log, signal: ended.signal, reloadMs: 20 });
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

function shake(port: number, options: { maxVersion?: SecureVersion; ca?: string } = {}) {
  return new Promise<{ protocol: string | null; certificate: PeerCertificate }>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ...options }, () => {
      resolve({ protocol: socket.getProtocol(), certificate: socket.getPeerCertificate() });
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("a self-made certificate", () => {
  test("is of an authority that is made once, for the names that are wanted, and lets only us read its keys", async () => {
    const at = join(dir, "once");
    const files = selfMadeFiles(at);
    await ensureSelfMade(at, names);
    const [ca, cert] = [await text(files.caFile), await text(files.certFile)];
    const [authority, leaf] = [new X509Certificate(ca), new X509Certificate(cert)];
    assert.ok(leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
    assert.equal(authority.ca, true);
    assert.equal(leaf.ca, false);
    assert.deepEqual([leaf.checkHost("localhost"), leaf.checkIP("127.0.0.1")], names);
    assert.equal(leaf.checkHost("example.org"), undefined);
    assert.equal(fingerprint(ca), authority.fingerprint256);
    for (const file of [files.keyFile, files.caKeyFile]) assert.equal((await stat(file)).mode & 0o777, 0o600);
    await ensureSelfMade(at, names);
    assert.deepEqual([await text(files.caFile), await text(files.certFile)], [ca, cert]);

    await ensureSelfMade(at, [...names, "novacron.example.com"]);
    const other = new X509Certificate(await text(files.certFile));
    assert.equal(other.checkHost("novacron.example.com"), "novacron.example.com");
    assert.ok(other.verify(authority.publicKey), "whoever trusts the authority goes on trusting");
    const later = Date.now() + 70 * dayMs;
    await ensureSelfMade(at, names, later);
    const renewed = new X509Certificate(await text(files.certFile));
    assert.ok(Date.parse(renewed.validTo) > later + 80 * dayMs && renewed.verify(authority.publicKey));
  });

  test("serves TLS 1.3 and nothing older, to those who trust its authority", async () => {
    const at = join(dir, "served");
    const port = await serve({ kind: "self-made", dir: at, names });
    const ca = await text(selfMadeFiles(at).caFile);
    assert.equal((await shake(port, { ca })).protocol, "TLSv1.3");
    await assert.rejects(shake(port, { ca, maxVersion: "TLSv1.2" }), /protocol version/i);
    await assert.rejects(shake(port), /self-signed|unable to/i);
  });
});

describe("certificate files", () => {
  test("are taken into use without a restart when they change, as soon as they belong together", async () => {
    const [first, second] = [join(dir, "first"), join(dir, "second")];
    const [one, other] = [await ensureSelfMade(first, names), await ensureSelfMade(second, names)];
    const ca = (await Promise.all([first, second].map((at) => text(selfMadeFiles(at).caFile)))).join("\n");
    const given = { certFile: join(dir, "given.crt"), keyFile: join(dir, "given.key") };
    await Promise.all([copyFile(one.certFile, given.certFile), copyFile(one.keyFile, given.keyFile)]);
    const port = await serve({ kind: "files", ...given });
    const shown = async () => (await shake(port, { ca })).certificate.serialNumber;
    const [before, wanted] = await Promise.all(
      [one, other].map(async ({ certFile }) => new X509Certificate(await text(certFile)).serialNumber),
    );
    assert.equal(await shown(), before);
    const kept = get({ port, host: "127.0.0.1", ca, servername: "localhost", headers: { connection: "keep-alive" } });
    await new Promise((resolve) => kept.once("response", (response) => resolve(response.resume())));

    await copyFile(other.certFile, given.certFile);
    // Half of it: the key is still the first one's.
    await sleep(200);
    assert.equal(await shown(), before);
    await copyFile(other.keyFile, given.keyFile);
    while ((await shown()) !== wanted) await sleep(20);
  });

  test("that can't be used are refused with what to do", async () => {
    const { certFile, keyFile } = await ensureSelfMade(join(dir, "refused"), names);
    const other = await ensureSelfMade(join(dir, "other"), names);
    await assert.rejects(readTls({ certFile, keyFile: other.keyFile }), /key values mismatch.*Put a certificate/i);
    await assert.rejects(readTls({ certFile, keyFile: join(dir, "none") }), /no such file/);
    await assert.rejects(readTls({ certFile, keyFile }, Date.now() + 100 * dayMs), /it ended on/);
    const empty = join(dir, "empty.key");
    await writeFile(empty, "");
    await assert.rejects(readTls({ certFile, keyFile: empty }), /empty\.key is empty/);
    const broken = join(dir, "broken.pem");
    await writeFile(broken, "not a certificate");
    await assert.rejects(readTls({ certFile: broken, keyFile }), /PEM|no start line/i);
  });
});

test("browsers are told to come over TLS only where a name is ours alone", async () => {
  const tls = { kind: "self-made", dir, names } as const;
  assert.equal(wantsHsts(tls, "https://novacron.example.com"), true);
  assert.equal(wantsHsts(undefined, "https://novacron.example.com"), false);
  assert.equal(wantsHsts(tls, "https://localhost:8787"), false);
  assert.ok(ownNames("192.0.2.1", "https://novacron.example.com").includes("novacron.example.com"));
  const api = await startTestApi({ after }, { worker: false, deps: { hsts: true } });
  const { headers } = await fetch(`${api.url}/v1/health`);
  assert.equal(headers.get("strict-transport-security"), "max-age=31536000");
});

test("the command line trusts the authority that it is given, and says what to do about one that it isn't", async () => {
  const at = join(dir, "cli");
  const app = express().get("/v1/auth/session", (_request, response) => {
    response.json({ kind: "token", id: "token/x", name: "x", may: [] });
  });
  const tls: TlsSource = { kind: "self-made", dir: at, names };
  const server = await listen(app, { host: "127.0.0.1", port: 0, tls, log, signal: ended.signal });
  servers.push(server);
  const tokenFile = join(dir, "token");
  await writeFile(tokenFile, "a-token-of-the-tests-0123456789");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const novacron = (...more: string[]) =>
    promisify(execFile)(process.execPath, [main, "whoami", "--api-url", url, "--token-file", tokenFile, ...more]);
  const { stdout } = await novacron("--ca-file", selfMadeFiles(at).caFile, "--output", "json");
  assert.equal((JSON.parse(stdout) as { id: string }).id, "token/x");
  await assert.rejects(novacron(), /certificate of the API at .* is not trusted[^]*--ca-file/);
});
