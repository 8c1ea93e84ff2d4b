import assert from "node:assert/strict";
import { test } from "node:test";
import { fromZoneFile, zoneFileValue } from "../../src/providers/dns-records.ts";

test("a text reads as it was, however a site's zone file has written it", () => {
  for (const text of ['says "no" \\ once', "x".repeat(300), "grün", ""]) {
    assert.equal(fromZoneFile("TXT", zoneFileValue("TXT", text)), text);
  }
  const written = { plain: "plain", "two words": "twowords", '"two" "pieces"': "twopieces", '"gr\\195\\188n"': "grün" };
  for (const [raw, text] of Object.entries(written)) assert.equal(fromZoneFile("TXT", raw), text);
  assert.equal(fromZoneFile("CNAME", "Front.Example.org."), "front.example.org");
  assert.equal(fromZoneFile("A", "192.0.2.1"), "192.0.2.1");
});
