import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useMemo, useState } from "react";
import { groupsQuery, savedSearchesQuery, searchResources, sitesQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { may } from "../lib/access.ts";
import { best } from "../lib/ranking.ts";
import { Icon, type IconName } from "../parts/icons.tsx";
import { places } from "./nav.ts";

interface Found {
  readonly key: string;
  readonly icon: IconName;
  readonly label: string;
  readonly what: string;
  readonly go: { readonly to: string; readonly search?: Record<string, unknown> };
}

const resourcesEach = 8;

/** Everything by its name: places, actions, sites, saved searches, protection groups, and each resource of the inventory. */
export function Palette({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={620}
      yOffset="12vh"
      centered={false}
      transitionProps={{ duration: 80 }}
      attributes={{ content: { "aria-label": "Search anything" } }}
      // Nothing of the last search is there when it opens again.
      keepMounted={false}
    >
      <PaletteBody onClose={onClose} />
    </Modal>
  );
}

function PaletteBody({ onClose }: { readonly onClose: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = useFound(typed);
  const chosen = Math.min(at, Math.max(0, found.length - 1));
  const open = (item: Found | undefined) => {
    if (!item) return;
    onClose();
    void navigate(item.go);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((chosen + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((chosen - 1 + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") open(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <div className="palette">
      <div className="palette-input">
        <Icon name="search" size={17} />
        <input
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          placeholder="A page, a VM, a site, a group, an action…"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found.length > 0 ? `palette-${chosen}` : undefined}
          aria-label="Search anything"
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
      </div>
      <div id="palette-list" role="listbox" aria-label="Found" className="palette-list">
        {found.map((item, index) => (
          <button
            key={item.key}
            id={`palette-${index}`}
            type="button"
            role="option"
            aria-selected={index === chosen}
            tabIndex={-1}
            ref={index === chosen ? (element) => element?.scrollIntoView({ block: "nearest" }) : undefined}
            onMouseMove={() => setAt(index)}
            onClick={() => open(item)}
          >
            <Icon name={item.icon} size={15} />
            <span>{item.label}</span>
            <small>{item.what}</small>
          </button>
        ))}
      </div>
      {found.length === 0 ? <div className="palette-none">Nothing is called like that.</div> : undefined}
    </div>
  );
}

function useFound(typed: string): readonly Found[] {
  const session = useSession();
  const readsInventory = may(session, "inventory:read");
  const readsGroups = may(session, "protection:read");
  const [asked] = useDebouncedValue(typed.trim(), 120);
  const sites = useQuery({ ...sitesQuery, enabled: readsInventory });
  const searches = useQuery({ ...savedSearchesQuery, enabled: readsInventory });
  const groups = useQuery({ ...groupsQuery, enabled: readsGroups });
  const resources = useQuery({
    queryKey: ["resources", "palette", asked],
    // In quotes: what is typed is a name here, not the search language.
    queryFn: ({ signal }) => searchResources({ q: `"${asked.replaceAll('"', "")}"`, limit: resourcesEach }, signal),
    enabled: readsInventory && asked.length >= 2,
    placeholderData: (before) => before,
  });
  return useMemo(() => {
    const own: Found[] = [
      ...places
        .filter(({ permission }) => permission === undefined || may(session, permission))
        .map(({ to, label, icon, key }) => ({ key: to, icon, label, what: `page · g ${key}`, go: { to } })),
      ...actionsOf(session),
      ...(sites.data ?? []).map(({ site, kind }) => ({
        ...{ key: `site/${site}`, icon: "inventory" as const, label: site, what: `site · ${kind}` },
        go: { to: "/inventory", search: { q: `site:${site} vms` } },
      })),
      ...(searches.data ?? []).map(({ search_id: id, name, query }) => ({
        ...{ key: `search/${id}`, icon: "bookmark" as const, label: name, what: `saved view · ${query}` },
        go: { to: "/inventory", search: { q: query } },
      })),
      ...(groups.data ?? []).map(({ group_id: id, name, state }) => ({
        ...{ key: `group/${id}`, icon: "recovery" as const, label: name, what: `protection group · ${state}` },
        go: { to: `/recovery/${id}` },
      })),
    ];
    const named = (typed.trim().length < 2 ? [] : (resources.data?.items ?? [])).map((resource) => ({
      key: `${resource.site}/${resource.kind}/${resource.resource_id}`,
      icon: "inventory" as const,
      label: resource.name,
      what: `${resource.kind} · ${resource.site}${resource.state ? ` · ${resource.state}` : ""}`,
      go: {
        to: "/inventory",
        search: {
          q: `id:"${resource.resource_id}"`,
          open: `${resource.site}/${resource.kind}/${resource.resource_id}`,
        },
      },
    }));
    return [...best(typed, own, ({ label, what }) => `${label} ${what}`).slice(0, 10), ...named];
  }, [typed, session, sites.data, searches.data, groups.data, resources.data]);
}

function actionsOf(session: Parameters<typeof may>[0]): Found[] {
  const actions: readonly (Found & { readonly permission: string })[] = [
    {
      ...{ key: "new-migration", icon: "migrations", label: "Migrate a VM…", what: "action" },
      ...{ go: { to: "/migrations/new" }, permission: "migrations:write" },
    },
    {
      ...{ key: "firing", icon: "alerts", label: "What fires now", what: "alerts" },
      ...{ go: { to: "/alerts", search: { state: "firing" } }, permission: "alerts:read" },
    },
    {
      ...{ key: "new-alert-rule", icon: "alerts", label: "Make an alert rule", what: "action" },
      ...{ go: { to: "/alerts", search: { show: "rules", open: "new" } }, permission: "alerts:write" },
    },
    {
      ...{ key: "findings", icon: "policies", label: "What breaks policies", what: "policies" },
      ...{ go: { to: "/policies", search: { show: "findings" } }, permission: "policies:read" },
    },
    {
      ...{ key: "new-policy", icon: "policies", label: "Write a policy", what: "action" },
      ...{ go: { to: "/policies/new" }, permission: "policies:write" },
    },
    ...["CIS", "SOC 2", "HIPAA", "GDPR"].map((name) => ({
      ...{ key: `report/${name}`, icon: "policies" as const, label: `${name} report`, what: "policies" },
      go: { to: "/policies", search: { show: "reports", framework: name.replace(" ", "").toLowerCase() } },
      permission: "policies:read",
    })),
    ...[
      { name: "savings", label: "What could cost less", permission: "inventory:read" },
      { name: "budgets", label: "Budgets", permission: "costs:read" },
      { name: "chargeback", label: "Chargeback", permission: "costs:read" },
      { name: "what-if", label: "What VMs would cost elsewhere", permission: "prices:read" },
    ].map(({ name, label, permission }) => ({
      ...{ key: `cost/${name}`, icon: "cost" as const, label, what: "cost", permission },
      go: { to: "/cost", search: { show: name } },
    })),
    {
      ...{ key: "new-pool", icon: "bursting", label: "Make a burst pool", what: "action" },
      ...{ go: { to: "/bursting/new/settings" }, permission: "bursts:write" },
    },
    {
      ...{ key: "connect", icon: "networks", label: "Connect two sites", what: "action" },
      ...{ go: { to: "/networks/connect" }, permission: "networks:write" },
    },
    {
      ...{ key: "overlaps", icon: "networks", label: "Ranges that overlap", what: "networks" },
      ...{ go: { to: "/networks", search: { show: "addresses" } }, permission: "networks:read" },
    },
    {
      ...{ key: "sites", icon: "settings", label: "Check a site's credentials", what: "action" },
      ...{ go: { to: "/settings/sites" }, permission: "sites:check" },
    },
    {
      ...{ key: "tokens", icon: "lock", label: "Make an API token", what: "action" },
      ...{ go: { to: "/settings/tokens" }, permission: "access:write" },
    },
    {
      ...{ key: "stale", icon: "inventory", label: "Stopped for over 30 days", what: "inventory" },
      ...{ go: { to: "/inventory", search: { q: "vms stopped>30d sort:-cost" } }, permission: "inventory:read" },
    },
    {
      ...{ key: "unused", icon: "inventory", label: "Unused disks and addresses", what: "inventory" },
      ...{ go: { to: "/inventory", search: { q: "unused sort:-cost" } }, permission: "inventory:read" },
    },
  ];
  return actions.filter(({ permission }) => may(session, permission));
}
