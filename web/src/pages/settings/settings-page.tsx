import { Tabs } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useSession } from "../../api/session.ts";
import { may } from "../../lib/access.ts";
import { PageHead } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Forbidden } from "../../parts/states.tsx";
import { AccessTab } from "./access-tab.tsx";
import { SitesTab } from "./sites-tab.tsx";
import { SystemTab } from "./system-tab.tsx";
import { TokensTab } from "./tokens-tab.tsx";

const tabs = [
  {
    name: "sites",
    label: "Sites",
    permission: "inventory:read",
    cli: "providers list",
    api: "GET /v1/sites",
    Tab: SitesTab,
  },
  {
    name: "access",
    label: "Access",
    permission: undefined,
    cli: "whoami",
    api: "GET /v1/auth/session\nGET /v1/role-bindings",
    Tab: AccessTab,
  },
  {
    name: "tokens",
    label: "Tokens",
    permission: "access:read",
    cli: "tokens list",
    api: "GET /v1/tokens",
    Tab: TokensTab,
  },
  {
    name: "system",
    label: "System",
    permission: undefined,
    cli: "control-plane show",
    api: "GET /v1/control-plane",
    Tab: SystemTab,
  },
] as const;

export function SettingsPage() {
  const { tab } = useParams({ strict: false });
  const navigate = useNavigate();
  const session = useSession();
  const chosen = tabs.find(({ name }) => name === tab) ?? tabs[0];
  const allowed = chosen.permission === undefined || may(session, chosen.permission);
  return (
    <>
      <PageHead title="Settings" actions={<SameBy cli={chosen.cli} api={chosen.api} />} />
      <Tabs
        value={chosen.name}
        onChange={(name) => void navigate({ to: "/settings/$tab", params: { tab: name ?? "sites" } })}
      >
        <Tabs.List>
          {tabs.map(({ name, label }) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Tabs>
      {allowed ? <chosen.Tab /> : <Forbidden permission={chosen.permission ?? ""} />}
    </>
  );
}
