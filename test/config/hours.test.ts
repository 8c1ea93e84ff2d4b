import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Config, loadConfig } from "../../src/config/config.ts";
import { fileWith } from "../support/config-file.ts";

function load(context: TestContext, content: string): Config {
  return loadConfig({ file: fileWith(context, content), env: {} });
}

test("hours are the default of every migration", (context) => {
  const content = `migration_config:
  time_zone: Europe/Berlin
  allowed_hours: [mon-fri 22:00-06:00, "sat,sun"]
  bandwidth_hours: [mon-fri 08:00-18:00 100Mbps, sun 50]`;
  assert.deepEqual(load(context, content).migration.hours, {
    timeZone: "Europe/Berlin",
    allowedHours: ["mon-fri 22:00-06:00", "sat,sun"],
    bandwidthHours: [
      { hours: "mon-fri 08:00-18:00", bytesPerSecond: 12_500_000 },
      { hours: "sun", bytesPerSecond: 6_250_000 },
    ],
  });
  assert.equal(load(context, "migration_config: { time_zone: Europe/Berlin }").migration.hours, undefined);
  for (const wrong of ["allowed_hours: [nights]", "bandwidth_hours: [mon-fri]", "time_zone: Mars"]) {
    assert.throws(() => load(context, `migration_config: { ${wrong} }`), /migration_config.*such as/s, wrong);
  }
});
