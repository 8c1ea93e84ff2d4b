import { Drawer, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { changesBetween } from "../../lib/changes.ts";
import { bytes, gib, money, time } from "../../lib/format.ts";
import { type ResourceAddress, readAddress } from "../../lib/resource-address.ts";
import { Icon } from "../../parts/icons.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { Ago } from "../../parts/now.tsx";
import { Facts } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { ProviderBadge, StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { VmActions } from "./vm-actions.tsx";

/** One resource: what it is, what it was, what can be done with it. */
export function ResourceDrawer({ open, onClose }: { readonly open: string | undefined; readonly onClose: () => void }) {
  const address = readAddress(open);
  return (
    <Drawer
      opened={address !== undefined}
      onClose={onClose}
      position="right"
      size={560}
      title={address ? `${address.kind} at ${address.site}` : undefined}
      closeButtonProps={{ "aria-label": "Close" }}
      transitionProps={{ duration: 120 }}
    >
      {address ? <DrawerBody key={open} address={address} /> : undefined}
    </Drawer>
  );
}

function DrawerBody({ address: { site, kind, id } }: { readonly address: ResourceAddress }) {
  const query = useQuery({
    queryKey: ["resources", "one", site, kind, id],
    queryFn: ({ signal }) =>
      answer(
        api.GET("/v1/resources/{site}/{kind}/{id}", {
          params: { path: { site, kind: kind as Schemas["Resource"]["kind"], id } },
          signal,
        }),
      ),
    refetchInterval: 10_000,
  });
  const mayMigrate = useMay("migrations:write");
  if (query.isPending) return <Loading label="Reading the resource" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const resource = query.data;
  const isVm = resource.kind === "vm" && resource.gone_at === undefined;
  return (
    <div className="stack-wide">
      <div className="drawer-head">
        <h2>{resource.name}</h2>
        <div className="wrap">
          <ProviderBadge provider={resource.provider} />
          <StateBadge state={resource.state} of="resource" />
          {resource.gone_at ? (
            <span className="state" data-tone="bad">
              gone <Ago at={resource.gone_at} />
            </span>
          ) : undefined}
        </div>
      </div>
      <div className="wrap">
        {isVm && mayMigrate ? (
          <LinkButton
            to="/migrations/new"
            search={{ from: site, vm: resource.name }}
            leftSection={<Icon name="migrations" size={14} />}
          >
            Migrate…
          </LinkButton>
        ) : undefined}
        {isVm ? <VmActions site={site} vm={resource} /> : undefined}
        <SameBy
          cli={`search 'site:${site} kind:${kind} id:"${id}"' --output json`}
          api={`GET /v1/resources/${site}/${kind}/${encodeURIComponent(id)}`}
        />
      </div>
      <Tabs defaultValue="facts" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="facts">What it is</Tabs.Tab>
          <Tabs.Tab value="history">History ({resource.history.length})</Tabs.Tab>
          <Tabs.Tab value="details">All details</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="facts" pt="sm">
          <ResourceFacts resource={resource} />
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="sm">
          <History versions={resource.history} />
        </Tabs.Panel>
        <Tabs.Panel value="details" pt="sm">
          <pre className="json tall" tabIndex={0} role="group" aria-label="All that the site says of it">
            {JSON.stringify(resource.details, undefined, 2)}
          </pre>
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

function ResourceFacts({ resource }: { readonly resource: Schemas["ResourceAnswer"] }) {
  const tags = Object.entries(resource.tags);
  return (
    <Facts
      items={[
        [
          "Id",
          <span className="mono" key="id">
            {resource.resource_id}
          </span>,
        ],
        ["Site", resource.site],
        ["Region", resource.region],
        ["Type", resource.type],
        ["vCPU", resource.cpus],
        ["Memory", resource.memory_bytes === undefined ? undefined : `${gib(resource.memory_bytes)} GiB`],
        ["Disk", resource.size_bytes === undefined ? undefined : bytes(resource.size_bytes)],
        ["List price", resource.monthly_cost ? `${money(resource.monthly_cost)} a month` : "unknown"],
        ["Owner", resource.owner],
        ["Project", resource.project],
        ["In this state since", resource.state_since ? `${time(resource.state_since)} UTC` : undefined],
        ["Made", resource.created_at ? `${time(resource.created_at)} UTC` : undefined],
        ["First seen", `${time(resource.first_seen_at)} UTC`],
        ["As it is since", `${time(resource.changed_at)} UTC`],
        ["Seen last", <Ago key="seen" at={resource.observed_at} />],
        [
          "Tags",
          tags.length === 0 ? undefined : (
            <span className="wrap" key="tags">
              {tags.map(([key, value]) => (
                <Link key={key} to="/inventory" search={{ q: `tag."${key}"="${value}"` }} className="tag">
                  {value ? `${key}=${value}` : key}
                </Link>
              ))}
            </span>
          ),
        ],
      ]}
    />
  );
}

function History({ versions }: { readonly versions: Schemas["ResourceAnswer"]["history"] }) {
  if (versions.length === 0) return <Empty icon="clock" title="Nothing is known of its past" />;
  return (
    <ol className="history">
      {versions.map((version, index) => {
        const before = versions[index + 1];
        const changes = before ? changesBetween(before.resource, version.resource) : [];
        return (
          <li key={version.valid_from}>
            <div className="history-when">
              <time dateTime={version.valid_from}>{time(version.valid_from)} UTC</time>
              {version.gone ? (
                <span className="state" data-tone="bad">
                  gone after this
                </span>
              ) : undefined}
            </div>
            {before === undefined ? <div className="quiet">first seen</div> : undefined}
            {changes.map(({ path, before: was, after }) => (
              <div key={path} className="change">
                <span className="mono">{path}</span>
                <span>
                  {was === undefined ? undefined : <del>{was}</del>}{" "}
                  {after === undefined ? <i>taken away</i> : <ins>{after}</ins>}
                </span>
              </div>
            ))}
          </li>
        );
      })}
    </ol>
  );
}
