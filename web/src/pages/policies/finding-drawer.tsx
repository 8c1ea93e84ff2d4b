import { Button, Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { severityTone } from "../../lib/tone.ts";
import { LinkButton } from "../../parts/link-button.tsx";
import { Ago } from "../../parts/now.tsx";
import { Facts } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { policiesQuery } from "./queries.ts";
import type { RemediationRequest } from "./remediate.tsx";

interface FindingDrawerProps {
  readonly open: string | undefined;
  readonly onClose: () => void;
  readonly onMend: (request: RemediationRequest) => void;
}

/** One finding: what of the resource breaks the policy, what to do about it, and doing it. */
export function FindingDrawer({ open, onClose, onMend }: FindingDrawerProps) {
  return (
    <Drawer
      opened={open !== undefined}
      onClose={onClose}
      position="right"
      size={520}
      title="Finding"
      closeButtonProps={{ "aria-label": "Close" }}
      transitionProps={{ duration: 120 }}
    >
      {open ? <DrawerBody key={open} id={open} onMend={onMend} /> : undefined}
    </Drawer>
  );
}

function DrawerBody({ id, onMend }: { readonly id: string; readonly onMend: FindingDrawerProps["onMend"] }) {
  const plans = useMay("plans:write");
  const exempts = useMay("policies:exempt");
  const policies = useQuery(policiesQuery);
  const query = useQuery({
    queryKey: ["policy-findings", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/policy-findings/{id}", { params: { path: { id } }, signal })),
  });
  if (query.isPending) return <Loading label="Reading the finding" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const {
    name,
    site,
    kind,
    resource_id: resource,
    policy,
    policy_id: policyId,
    severity,
    state,
    ...finding
  } = query.data;
  const mends = policies.data?.find((each) => each.policy_id === policyId)?.remediation;
  const scope = `site:${site} id:"${resource}"`;
  return (
    <div className="stack-wide">
      <div className="drawer-head">
        <h2>{name}</h2>
        <div className="wrap">
          <StateBadge state={severity} tone={severityTone(severity)} />
          <span className="quiet">
            breaks{" "}
            <Link to="/policies/$id" params={{ id: policy }}>
              {policy}
            </Link>
          </span>
        </div>
      </div>
      <Facts
        items={[
          ["Why", finding.why === undefined ? undefined : <span className="mono">{finding.why}</span>],
          ["What to do", finding.remedy],
          [
            "Resource",
            <Link key="resource" to="/inventory" search={{ q: scope, open: `${site}/${kind}/${resource}` }}>
              {site} / {kind} / {resource}
            </Link>,
          ],
          ["State", state],
          ["First seen", <Ago key="first" at={finding.first_seen_at} />],
          ["Last seen", <Ago key="last" at={finding.last_seen_at} />],
          ["Resolved", finding.resolved_at ? <Ago key="resolved" at={finding.resolved_at} /> : undefined],
        ]}
      />
      <div className="wrap">
        {plans && mends && state === "open" ? (
          <Button onClick={() => onMend({ policy, findings: [id] })}>Plan to mend it…</Button>
        ) : undefined}
        {exempts && state === "open" ? (
          <LinkButton variant="default" to="/policies" search={{ show: "exemptions", policy, scope }}>
            Exempt it…
          </LinkButton>
        ) : undefined}
        <SameBy cli={`policies finding ${id}`} api={`GET /v1/policy-findings/${id}`} />
      </div>
    </div>
  );
}
