import assert from "node:assert/strict";
import { test } from "node:test";
import { convertStringToType } from "oci-common/lib/helper.js";
import { headerTime } from "../../src/providers/oci/objects.ts";

test("what Oracle's SDK makes of a header's time is read as the time it was, at every hour", () => {
  for (let hour = 0; hour < 24; hour++) {
    const at = new Date(Date.UTC(2026, 10, 29, hour, 5, 9));
    const seen = convertStringToType(at.toUTCString(), "Date") as unknown as string;
    assert.equal(headerTime(seen)?.toISOString(), at.toISOString());
  }
  assert.equal(headerTime(undefined), undefined);
});
