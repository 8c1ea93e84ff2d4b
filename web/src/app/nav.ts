import type { IconName } from "../parts/icons.tsx";

/** A place of the console: in the side bar, and in the palette. */
export interface Place {
  readonly to: string;
  readonly label: string;
  readonly icon: IconName;
  /** Without it the place is not shown. */
  readonly permission?: string;
  /** Typed after `g`. */
  readonly key: string;
}

export const places: readonly Place[] = [
  { to: "/", label: "Overview", icon: "overview", key: "o" },
  { to: "/inventory", label: "Inventory", icon: "inventory", permission: "inventory:read", key: "i" },
  { to: "/migrations", label: "Migrations", icon: "migrations", permission: "migrations:read", key: "m" },
  { to: "/waves", label: "Waves", icon: "waves", permission: "migrations:read", key: "w" },
  { to: "/recovery", label: "Recovery", icon: "recovery", permission: "protection:read", key: "r" },
  { to: "/bursting", label: "Bursting", icon: "bursting", permission: "bursts:read", key: "b" },
  { to: "/networks", label: "Networks", icon: "networks", permission: "networks:read", key: "n" },
  { to: "/cost", label: "Cost", icon: "cost", permission: "costs:read", key: "c" },
  { to: "/policies", label: "Policies", icon: "policies", permission: "policies:read", key: "p" },
  { to: "/alerts", label: "Alerts", icon: "alerts", permission: "alerts:read", key: "l" },
  { to: "/runs", label: "Runs", icon: "runs", permission: "operations:read", key: "u" },
  { to: "/audit", label: "Audit", icon: "audit", permission: "audit:read", key: "a" },
  { to: "/settings", label: "Settings", icon: "settings", key: "s" },
];
