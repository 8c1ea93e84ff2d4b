import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { encodeQuery, encodeUpdate } from "../../src/integrations/dns/message.ts";
import { recordsOf, valueOf } from "../../src/integrations/dns/record-sets.ts";
import { sign, TsigError, type TsigKey, TsigVerifier } from "../../src/integrations/dns/tsig.ts";
import {
  decodeName,
  decodeRecord,
  encodeName,
  encodeRecord,
  recordTypes,
  WireError,
} from "../../src/integrations/dns/wire.ts";
import type { DnsRecordType } from "../../src/providers/traffic-facets.ts";

const key: TsigKey = { name: "Key.Example", algorithm: "hmac-sha256", secret: Buffer.from("s".repeat(32)) };
const at = 1_800_000_000;

const short = (value: number) => Buffer.of(value >> 8, value & 0xff);
const time = Buffer.from(at.toString(16).padStart(12, "0"), "hex");
/** RFC 8945, 4.3.3, written out here once more. */
const variables = (error = 0) =>
  Buffer.concat([
    encodeName("key.example"),
    Buffer.from("00ff00000000", "hex"),
    encodeName("hmac-sha256"),
    ...[time, short(300), short(error), short(0)],
  ]);

/** What a server with the key answers to a request with that MAC. */
function answerTo(requestMac: Buffer, secret = key.secret): Buffer {
  const message = encodeQuery(7, "www.example", recordTypes.A);
  message.writeUInt16BE(0x8400, 2);
  const parts = [short(requestMac.length), requestMac, message, variables()];
  const mac = createHmac("sha256", secret).update(Buffer.concat(parts)).digest();
  const data = [encodeName("hmac-sha256"), time, short(300), short(mac.length), mac, short(7), short(0), short(0)];
  const record = { name: key.name, type: recordTypes.TSIG, class: 255, ttl: 0, data: Buffer.concat(data) };
  message.writeUInt16BE(1, 10);
  return Buffer.concat([message, encodeRecord(record)]);
}

test("names keep their bytes and escapes, and none goes round in a circle", () => {
  for (const name of ["www.example.com", "a\\.b.example", "\\000\\255.example", "back\\\\slash.example"]) {
    assert.deepEqual(decodeName(encodeName(name), 0), { name, end: encodeName(name).length });
  }
  assert.deepEqual(decodeName(Buffer.concat([encodeName("b.c"), Buffer.of(1, 0x61, 0xc0, 0)]), 5), {
    name: "a.b.c",
    end: 9,
  });
  for (const circle of [Buffer.of(0xc0, 0), Buffer.of(1, 0x61, 0xc0, 2), Buffer.of(5, 0x61)]) {
    assert.throws(() => decodeName(circle, 0), WireError);
  }
  for (const wrong of ["a..b", "x".repeat(64), `${"x".repeat(60)}.`.repeat(5), "ä.example", "a b"]) {
    assert.throws(() => encodeName(wrong), WireError, wrong);
  }
});

test("values come back as they were given", () => {
  const cases: readonly (readonly [DnsRecordType, string, string?])[] = [
    ["A", "192.0.2.255"],
    ["AAAA", "2001:db8::1"],
    ["AAAA", "::"],
    ["AAAA", "2001:DB8:0:0:1::192.0.2.1", "2001:db8::1:0:c000:201"],
    ["CNAME", "Front.Example.ORG.", "front.example.org"],
    ["TXT", "ä".repeat(300)],
    ["TXT", ""],
  ];
  for (const [type, value, seen = value] of cases) {
    const [record] = recordsOf({ name: "x.example", type, ttlSeconds: 1, values: [value] });
    assert.equal(valueOf(type, record?.data ?? Buffer.alloc(0)), seen);
  }
});

test("a record that ends early is refused", () => {
  const update = encodeUpdate(
    1,
    "example",
    [],
    recordsOf({ name: "x.example", type: "A", ttlSeconds: 1, values: ["192.0.2.1"] }),
  );
  const from = 12 + encodeName("example").length + 4;
  assert.equal(decodeRecord(update, from).record.name, "x.example");
  for (let end = from; end < update.length; end++) {
    assert.throws(() => decodeRecord(update.subarray(0, end), from), WireError);
  }
});

test("a signature is that of RFC 8945 over the message and its variables", () => {
  const message = encodeQuery(7, "www.example", recordTypes.A);
  const { signed, mac } = sign(message, key, at);
  assert.equal(signed.readUInt16BE(10), 1);
  const { record } = decodeRecord(signed, message.length);
  assert.deepEqual([record.name, record.type, record.class, record.ttl], ["Key.Example", 250, 255, 0]);
  assert.ok(record.data.includes(mac));
  assert.deepEqual(mac, createHmac("sha256", key.secret).update(message).update(variables()).digest());
});

test("an answer is believed with the key, the request and the time that belong to it", () => {
  const { mac } = sign(encodeQuery(7, "www.example", recordTypes.A), key, at);
  const take = (message: Buffer, nowSeconds = at) => new TsigVerifier(key, mac).take(message, nowSeconds);
  assert.equal(take(answerTo(mac)).authoritative, true);
  assert.throws(() => take(answerTo(mac, Buffer.from("other"))), TsigError);
  assert.throws(() => take(answerTo(Buffer.from("of another request"))), TsigError);
  assert.throws(() => take(answerTo(mac), at + 301), TsigError);
  const changed = answerTo(mac);
  changed[13] = (changed[13] ?? 0) ^ 1;
  assert.throws(() => take(changed), TsigError);
  assert.throws(() => take(encodeQuery(7, "www.example", recordTypes.A)), TsigError);
});
