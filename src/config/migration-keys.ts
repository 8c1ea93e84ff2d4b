import type { ConfigKey } from "./keys.ts";

/** `migration_config`: the defaults of every migration. */
export const migrationKeys: Readonly<Record<string, ConfigKey>> = {
  "migration_config.parallel_migrations": {
    description: "Migrations that work at the same time, over all workers.",
    unit: "migrations",
    default: 3,
    example: 3,
    effect: {
      now: "slots that all workers share; a migration that finds none waits as `queued` before it touches anything",
    },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.bandwidth_limit": {
    description: "Bandwidth that all moves of a link share, unless a request sets its own.",
    unit: "Mbps",
    example: 500,
    effect: { now: "a rate lease that all workers divide among their copies of the link" },
    test: "bandwidth is read as Mbps and the lower limit wins",
  },
  "migration_config.time_zone": {
    description: "The zone whose clocks `allowed_hours` and `bandwidth_hours` mean.",
    default: "UTC",
    example: "Europe/Berlin",
    effect: { now: "pinned in each plan with the hours" },
    test: "hours are the default of every migration",
  },
  "migration_config.allowed_hours[]": {
    description:
      "Hours in which migrations begin, and in which running VMs are copied, unless a request names its own: days, hours or both.",
    example: "mon-fri 22:00-06:00",
    effect: {
      now: "a migration waits as `queued` for hours that last long enough, and rounds of a warm one rest outside of them",
    },
    test: "hours are the default of every migration",
  },
  "migration_config.bandwidth_hours[]": {
    description: "Bandwidth limits in certain hours, beside `bandwidth_limit`; the lowest that holds counts.",
    unit: "hours and Mbps",
    example: "mon-fri 08:00-18:00 100Mbps",
    effect: { now: "the rate lease of the link follows the hour" },
    test: "hours are the default of every migration",
  },
  "migration_config.verification_enabled": {
    description: "Whether a moved VM's boot is proven, unless a request says otherwise. The bytes are always proven.",
    default: true,
    example: true,
    effect: { now: "the default of a request's `verify.boot_proof`" },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.rollback_enabled": {
    description:
      "Whether a failed migration is rolled back at once; if not, it stays as it is until a person rolls it back.",
    default: true,
    example: true,
    effect: { now: "what the workflow does after a failed step" },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.stop_grace": {
    description: "How long a guest may take to shut down before it is turned off.",
    unit: "duration",
    default: "60s",
    example: "2m",
    effect: { now: "the default of a request's grace period" },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.boot_timeout": {
    description: "How long a moved VM may take to prove its boot on the console.",
    unit: "duration",
    default: "5m",
    example: "10m",
    effect: { now: "the default of a request's boot timeout" },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.probe_timeout": {
    description: "How long TCP and HTTP probes of a moved VM are tried.",
    unit: "duration",
    default: "2m",
    example: "30s",
    effect: { now: "the default of a request's probe timeout" },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.enable_live_migration": {
    description: "Whether running guests may move between KVM hosts without a stop.",
    default: true,
    example: true,
    effect: { now: "if not, a plan that is asked for a live move makes it warm" },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.prepare": {
    description:
      "Whether what a guest lacks for its target is put into the clone that it boots from: `auto`, or `off`.",
    default: "auto",
    example: "auto",
    effect: { now: "the default of a request's `prepare.mode`" },
    test: "migration_config sets the defaults of every migration",
  },
  "migration_config.compression_enabled": {
    description: "Whether bytes are compressed on the way where both ends are workers of sites.",
    default: true,
    example: false,
    effect: { now: "links between workers of sites compress as long as it is measured to pay" },
    test: "workers of sites are let in where a port is given",
  },
};
