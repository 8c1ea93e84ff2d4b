import { Button, Checkbox, Menu } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { isProblem } from "../../api/problem.ts";
import { searchResources } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { count } from "../../lib/format.ts";
import { DataTable } from "../../parts/data-table.tsx";
import { downloadFrom } from "../../parts/download.ts";
import { Icon } from "../../parts/icons.tsx";
import { PageHead, Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Empty, Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { AsOf } from "./as-of.tsx";
import { hiddenColumns, inventoryColumns, resourceKey } from "./columns.tsx";
import { ResourceDrawer } from "./resource-drawer.tsx";
import { SavedViews } from "./saved-views.tsx";
import { SearchField } from "./search-field.tsx";
import { SelectionBar, useSelection } from "./selection-bar.tsx";

type Resource = Schemas["Resource"];

const pageSize = 200;
/** Long enough to let a quick typist finish a word, short enough that nobody waits for it. */
const typingMs = 60;
/** What is half written is no mistake yet. */
const mistakeMs = 900;

/** Everything that the sites have, found by the search language; the address holds all of what is looked at. */
export function InventoryPage() {
  const search = useSearch({ from: "/inventory" });
  const navigate = useNavigate({ from: "/inventory" });
  const [text, setText] = useState(search.q ?? "");
  const [asked] = useDebouncedValue(text, typingMs);
  const mayRead = useMay("inventory:read");
  const put = (change: Partial<typeof search>, replace = false) =>
    void navigate({ search: (before) => clean({ ...before, ...change }), replace });

  // The address follows what is typed, and a link or the back button what is shown.
  useEffect(() => {
    if (asked !== (search.q ?? "")) put({ q: asked || undefined }, true);
    // oxlint-disable-next-line react/exhaustive-deps
  }, [asked]);
  useEffect(() => {
    setText((now) => (now === (search.q ?? "") || asked !== now ? now : (search.q ?? "")));
    // oxlint-disable-next-line react/exhaustive-deps
  }, [search.q]);

  const query = {
    ...(asked.trim() ? { q: asked } : {}),
    ...(search.sort ? { sort: search.sort } : {}),
    ...(search.as_of ? { as_of: search.as_of } : {}),
  };
  const pages = usePages<Resource, Schemas["ResourceList"]>({
    key: ["resources", "list", query],
    fetch: (cursor, signal) => searchResources({ ...query, limit: pageSize, ...(cursor ? { cursor } : {}) }, signal),
    enabled: mayRead,
    keeps: true,
    refetchMs: search.as_of ? undefined : 20_000,
  });
  const hidden = useMemo(() => hiddenColumns(search.columns), [search.columns]);
  const selection = useSelection(pages.rows);
  const mistake = isProblem(pages.error, "InvalidInput") ? pages.error : undefined;
  const [settled] = useDebouncedValue(text, mistakeMs);
  const shownMistake = mistake && settled === text ? mistake : undefined;

  const exported = useMutation({
    mutationFn: () =>
      downloadFrom(`/v1/resources?${new URLSearchParams({ ...query, format: "csv" })}`, "inventory.csv"),
    onError: tell.failure,
  });
  const toggle = (id: string) => {
    const shown = inventoryColumns.map((column) => column.id).filter((each) => hidden.has(each) === (each === id));
    put({ columns: shown.filter((each) => each !== "name").join(",") });
  };

  if (!mayRead) return <Forbidden permission="inventory:read" />;
  const freshness = pages.first?.freshness;
  const cliSort = search.sort ? ` --sort=${search.sort}` : "";
  const cliAsOf = search.as_of ? ` --as-of ${search.as_of}` : "";
  return (
    <>
      <PageHead
        title="Inventory"
        sub={freshness?.summary}
        actions={
          <SameBy
            cli={`search '${asked.replaceAll("'", `'\\''`)}'${cliSort}${cliAsOf}`}
            api={`GET /v1/resources?${new URLSearchParams(query)}`}
          />
        }
      />
      <Panel className="fills" flush>
        <div className="toolbar">
          <SearchField
            value={text}
            onChange={setText}
            seen={pages.rows}
            problem={shownMistake && { message: shownMistake.message, action: shownMistake.action }}
          />
          <SavedViews
            query={[asked, search.sort ? `sort:${search.sort}` : ""].join(" ").trim()}
            onChoose={(q) => {
              setText(q);
              put({ q, sort: undefined });
            }}
          />
          <AsOf value={search.as_of} onChange={(asOf) => put({ as_of: asOf })} />
          <Menu closeOnItemClick={false} position="bottom-end">
            <Menu.Target>
              <Button variant="default" leftSection={<Icon name="columns" size={14} />}>
                Columns
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {inventoryColumns.slice(1).map(({ id, head }) => (
                <Menu.Item key={id} onClick={() => toggle(id)} role="menuitemcheckbox" aria-checked={!hidden.has(id)}>
                  <span className="wrap">
                    <Checkbox.Indicator checked={!hidden.has(id)} size="xs" />
                    {head}
                  </span>
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item onClick={() => put({ columns: undefined })}>As at first</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <Button
            variant="default"
            loading={exported.isPending}
            onClick={() => exported.mutate()}
            leftSection={<Icon name="download" size={14} />}
            aria-label="Download everything that matches as CSV"
          >
            CSV
          </Button>
          <span className="toolbar-count" role="status">
            {pages.isPending ? "" : `${count(pages.rows.length)}${pages.hasNextPage ? "+" : ""} found`}
          </span>
        </div>
        {selection.keys.size > 0 ? <SelectionBar selection={selection} /> : undefined}
        {pages.isPending && !mistake ? (
          <Loading rows={14} label="Reading the inventory" />
        ) : pages.isError && !mistake && pages.rows.length === 0 ? (
          <Failed error={pages.error} onRetry={() => void pages.refetch()} />
        ) : (
          <DataTable
            label="Inventory"
            columns={inventoryColumns}
            rows={pages.rows}
            rowKey={resourceKey}
            hidden={hidden}
            sort={search.sort}
            onSort={(sort) => put({ sort })}
            selected={search.open}
            onOpen={(resource) => put({ open: resourceKey(resource) })}
            selection={selection}
            onEnd={pages.onEnd}
            loadingMore={pages.isFetchingNextPage}
            instead={
              pages.rows.length === 0 && !mistake ? (
                <Empty icon="search" title={asked ? "Nothing matches" : "No site has anything yet"}>
                  {asked
                    ? "Take a term away, or look at another time."
                    : "A site is read within half a minute of its start."}
                </Empty>
              ) : undefined
            }
          />
        )}
      </Panel>
      <ResourceDrawer open={search.open} onClose={() => put({ open: undefined })} />
    </>
  );
}

function clean<T extends Record<string, unknown>>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== "")) as T;
}
