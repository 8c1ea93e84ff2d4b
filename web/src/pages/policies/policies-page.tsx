import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { Icon } from "../../parts/icons.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Sections } from "../../parts/sections.tsx";
import { ApprovalsSection } from "./approvals-section.tsx";
import { ExemptionsSection } from "./exemptions-section.tsx";
import { FindingsSection } from "./findings-section.tsx";
import { PoliciesSection } from "./policies-section.tsx";
import { RemediationsSection } from "./remediations-section.tsx";
import { ReportsSection } from "./reports-section.tsx";
import { ScansSection } from "./scans-section.tsx";

const permission = "policies:read";

/** What has to hold of all resources, what breaks it, and what is done about that. */
export function PoliciesPage() {
  const { show } = useSearch({ from: "/policies" });
  const navigate = useNavigate();
  const [writes, scans] = [useMay("policies:write"), useMay("policies:scan")];
  const scan = useOrder(() => answer(api.POST("/v1/policy-scans")), {
    touches: ["policies", "policy-findings", "policy-scans"],
    done: "Everything is held against the policies now",
    onDone: () => void navigate({ to: "/policies", search: { show: "scans" } }),
  });
  return (
    <Sections
      title="Policies"
      sub="What has to hold of all resources; the same rules judge plans before they are carried out"
      show={show}
      actions={
        <>
          {scans ? (
            <Button
              variant="default"
              leftSection={<Icon name="refresh" size={14} />}
              loading={scan.isPending}
              onClick={() => scan.mutate(undefined, { onError: tell.failure })}
            >
              Scan now
            </Button>
          ) : undefined}
          {writes ? (
            <LinkButton to="/policies/$id" params={{ id: "new" }} leftSection={<Icon name="plus" size={14} />}>
              Write a policy
            </LinkButton>
          ) : undefined}
        </>
      }
      sections={[
        {
          ...{ name: "policies", label: "Policies", permission, Body: PoliciesSection },
          ...{ cli: "policies list", api: "GET /v1/policies" },
        },
        {
          ...{ name: "findings", label: "Findings", permission, Body: FindingsSection },
          ...{ cli: "policies findings", api: "GET /v1/policy-findings" },
        },
        {
          ...{ name: "remediations", label: "Remediations", permission: "operations:read", Body: RemediationsSection },
          ...{ cli: "operations list", api: "GET /v1/operations" },
        },
        {
          ...{ name: "exemptions", label: "Exemptions", permission, Body: ExemptionsSection },
          ...{ cli: "policies exemptions", api: "GET /v1/policy-exemptions" },
        },
        {
          ...{ name: "approvals", label: "Standing approvals", permission, Body: ApprovalsSection },
          ...{ cli: "policies approvals", api: "GET /v1/policy-approvals" },
        },
        {
          ...{ name: "reports", label: "Reports", permission, Body: ReportsSection },
          ...{ cli: "policies report soc2", api: "GET /v1/compliance-reports/soc2" },
        },
        {
          ...{ name: "scans", label: "Scans", permission: "policies:scan", Body: ScansSection },
          ...{ cli: "policies scans", api: "GET /v1/policy-scans" },
        },
      ]}
    />
  );
}
