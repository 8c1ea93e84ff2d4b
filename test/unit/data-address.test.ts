import assert from "node:assert/strict";
import { test } from "node:test";
import { readDataAddress } from "../../src/worker/data-address.ts";

test("a worker that listens everywhere has to say how it is reached", () => {
  for (const dataListen of ["0.0.0.0:8789", "[::]:8789", "[0:0::0]:8789", "[::ffff:0.0.0.0]:8789"]) {
    assert.throws(() => readDataAddress({ dataListen }), /NOVACRON_DATA_ADDRESS/, dataListen);
    const reached = readDataAddress({ dataListen, dataAddress: "kvm-b.example.com:8789" });
    assert.equal(reached?.told(8789), "kvm-b.example.com:8789");
  }
  assert.throws(() => readDataAddress({ dataListen: "10.0.0.7:8789", dataAddress: "0.0.0.0:8789" }), /DATA_ADDRESS/);
});

test("a worker that listens at one address is reached there", () => {
  assert.equal(readDataAddress({ dataListen: "127.0.0.1:0" })?.told(4711), "127.0.0.1:4711");
  const six = readDataAddress({ dataListen: "[2001:db8::7]:8789" });
  assert.equal(six?.host, "2001:db8::7");
  assert.equal(six.told(8789), "[2001:db8::7]:8789");
  assert.equal(readDataAddress({}), undefined);
});
