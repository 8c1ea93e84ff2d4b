import { useSearch } from "@tanstack/react-router";
import { useMay } from "../../api/session.ts";
import { Icon } from "../../parts/icons.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Sections } from "../../parts/sections.tsx";
import { AddressPlanSection } from "./address-plan-section.tsx";
import { ConnectionsSection } from "./connections-section.tsx";
import { PoolsSection } from "./pools-section.tsx";

const permission = "networks:read";

/** Which sites are joined and how well, and whether their addresses go together. */
export function NetworksPage() {
  const { show } = useSearch({ from: "/networks" });
  const writes = useMay("networks:write");
  return (
    <Sections
      title="Networks"
      sub="Encrypted tunnels between sites, and a plan in which no two ranges are the same"
      show={show}
      actions={
        writes ? (
          <LinkButton to="/networks/connect" leftSection={<Icon name="plus" size={14} />}>
            Connect two sites
          </LinkButton>
        ) : undefined
      }
      sections={[
        {
          ...{ name: "connections", label: "Connections", permission, Body: ConnectionsSection },
          ...{ cli: "connections list", api: "GET /v1/connections" },
        },
        {
          ...{ name: "addresses", label: "Address plan", permission, Body: AddressPlanSection },
          ...{ cli: "addresses plan", api: "GET /v1/address-plan" },
        },
        {
          ...{ name: "pools", label: "Address pools", permission, Body: PoolsSection },
          ...{ cli: "addresses pools", api: "GET /v1/address-pools\nGET /v1/address-allocations" },
        },
      ]}
    />
  );
}
