import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Failed } from "../parts/states.tsx";
import { Gate } from "./gate.tsx";
import { NotFound } from "./not-found.tsx";

const root = createRootRoute({ component: Gate, notFoundComponent: NotFound });

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
/** What a page keeps in its address: texts under these names, and nothing else. */
function texts<Name extends string>(...names: readonly Name[]) {
  return (search: Record<string, unknown>): { [name in Name]?: string | undefined } => {
    const kept: { [name in Name]?: string } = {};
    for (const name of names) {
      const value = text(search[name]);
      if (value !== undefined) kept[name] = value;
    }
    return kept;
  };
}

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("../pages/overview/overview-page.tsx"), "OverviewPage"),
});
const inventory = createRoute({
  getParentRoute: () => root,
  path: "/inventory",
  validateSearch: texts("q", "sort", "as_of", "open", "columns"),
  component: lazyRouteComponent(() => import("../pages/inventory/inventory-page.tsx"), "InventoryPage"),
});

const migrations = createRoute({
  getParentRoute: () => root,
  path: "/migrations",
  validateSearch: texts("state", "vm"),
  component: lazyRouteComponent(() => import("../pages/migrations/migrations-page.tsx"), "MigrationsPage"),
});
const wizard = createRoute({
  getParentRoute: () => root,
  path: "/migrations/new",
  validateSearch: texts("from", "vm", "to", "plan"),
  component: lazyRouteComponent(() => import("../pages/migrations/wizard-page.tsx"), "WizardPage"),
});
const migration = createRoute({
  getParentRoute: () => root,
  path: "/migrations/$id",
  component: lazyRouteComponent(() => import("../pages/migrations/migration-page.tsx"), "MigrationPage"),
});

const waves = createRoute({
  getParentRoute: () => root,
  path: "/waves",
  component: lazyRouteComponent(() => import("../pages/waves/waves-page.tsx"), "WavesPage"),
});
const newWave = createRoute({
  getParentRoute: () => root,
  path: "/waves/new",
  validateSearch: texts("from", "to", "vms", "query"),
  component: lazyRouteComponent(() => import("../pages/waves/new-wave-page.tsx"), "NewWavePage"),
});
const wave = createRoute({
  getParentRoute: () => root,
  path: "/waves/$id",
  component: lazyRouteComponent(() => import("../pages/waves/wave-page.tsx"), "WavePage"),
});
const bursting = createRoute({
  getParentRoute: () => root,
  path: "/bursting",
  component: lazyRouteComponent(() => import("../pages/bursting/bursting-page.tsx"), "BurstingPage"),
});
const burstPool = createRoute({
  getParentRoute: () => root,
  path: "/bursting/$id",
  component: lazyRouteComponent(() => import("../pages/bursting/pool-page.tsx"), "PoolPage"),
});
const burstPoolSettings = createRoute({
  getParentRoute: () => root,
  path: "/bursting/$id/settings",
  component: lazyRouteComponent(() => import("../pages/bursting/pool-settings-page.tsx"), "PoolSettingsPage"),
});
const networks = createRoute({
  getParentRoute: () => root,
  path: "/networks",
  validateSearch: texts("show"),
  component: lazyRouteComponent(() => import("../pages/networks/networks-page.tsx"), "NetworksPage"),
});
const connect = createRoute({
  getParentRoute: () => root,
  path: "/networks/connect",
  component: lazyRouteComponent(() => import("../pages/networks/connect-page.tsx"), "ConnectPage"),
});
const connection = createRoute({
  getParentRoute: () => root,
  path: "/networks/$id",
  component: lazyRouteComponent(() => import("../pages/networks/connection-page.tsx"), "ConnectionPage"),
});
const cost = createRoute({
  getParentRoute: () => root,
  path: "/cost",
  validateSearch: texts("show", "span", "by", "cost", "where", "currency", "type", "open", "q", "terms", "month"),
  component: lazyRouteComponent(() => import("../pages/cost/cost-page.tsx"), "CostPage"),
});
const policies = createRoute({
  getParentRoute: () => root,
  path: "/policies",
  validateSearch: texts("show", "policy", "severity", "state", "open", "scope", "framework"),
  component: lazyRouteComponent(() => import("../pages/policies/policies-page.tsx"), "PoliciesPage"),
});
const policy = createRoute({
  getParentRoute: () => root,
  path: "/policies/$id",
  component: lazyRouteComponent(() => import("../pages/policies/policy-page.tsx"), "PolicyPage"),
});
const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  validateSearch: texts("show", "state", "rule", "open"),
  component: lazyRouteComponent(() => import("../pages/alerts/alerts-page.tsx"), "AlertsPage"),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: texts("show"),
  component: lazyRouteComponent(() => import("../pages/runs/runs-page.tsx"), "RunsPage"),
});
const operation = createRoute({
  getParentRoute: () => root,
  path: "/runs/operations/$id",
  component: lazyRouteComponent(() => import("../pages/runs/operation-page.tsx"), "OperationPage"),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: texts("actor", "action", "resource", "outcome", "open"),
  component: lazyRouteComponent(() => import("../pages/audit/audit-page.tsx"), "AuditPage"),
});

const recovery = createRoute({
  getParentRoute: () => root,
  path: "/recovery",
  component: lazyRouteComponent(() => import("../pages/recovery/recovery-page.tsx"), "RecoveryPage"),
});
const newGroup = createRoute({
  getParentRoute: () => root,
  path: "/recovery/new",
  component: lazyRouteComponent(() => import("../pages/recovery/new-group-page.tsx"), "NewGroupPage"),
});
const group = createRoute({
  getParentRoute: () => root,
  path: "/recovery/$id",
  component: lazyRouteComponent(() => import("../pages/recovery/group-page.tsx"), "GroupPage"),
});
const recoveryRun = createRoute({
  getParentRoute: () => root,
  path: "/recovery/runs/$id",
  component: lazyRouteComponent(() => import("../pages/recovery/run-page.tsx"), "RecoveryRunPage"),
});
const settingsPage = lazyRouteComponent(() => import("../pages/settings/settings-page.tsx"), "SettingsPage");
const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: settingsPage });
const settingsTab = createRoute({ getParentRoute: () => root, path: "/settings/$tab", component: settingsPage });

// A plain list: from it follow the types of every link.
// biome-ignore format: one line a part of the console
const routeTree = root.addChildren([
  overview,
  inventory,
  migrations, wizard, migration,
  waves, newWave, wave,
  recovery, newGroup, group, recoveryRun,
  bursting, burstPool, burstPoolSettings,
  networks, connect, connection,
  cost,
  policies, policy,
  alerts,
  runs, operation,
  audit,
  settings, settingsTab,
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultErrorComponent: ({ error, reset }) => <Failed error={error} onRetry={reset} />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
