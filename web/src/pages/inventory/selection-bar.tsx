import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { plural } from "../../lib/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { resourceKey } from "./columns.tsx";
import { type VmAction, VmOperationModal } from "./vm-operation-modal.tsx";

export interface ResourceSelection {
  readonly keys: ReadonlySet<string>;
  readonly rows: readonly Schemas["Resource"][];
  toggle(key: string): void;
  clear(): void;
}

/** Rows that somebody marked; one that is out of sight stays marked while it is read. */
export function useSelection(rows: readonly Schemas["Resource"][]): ResourceSelection {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((key: string) => {
    setKeys((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  const chosen = useMemo(() => (keys.size === 0 ? [] : rows.filter((row) => keys.has(resourceKey(row)))), [keys, rows]);
  return { keys, rows: chosen, toggle, clear: () => setKeys(new Set()) };
}

/** What can be done with all of what is marked. */
export function SelectionBar({ selection }: { readonly selection: ResourceSelection }) {
  const navigate = useNavigate();
  const [action, setAction] = useState<VmAction>();
  const [operates, migrates] = [useMay("vms:write"), useMay("migrations:write")];
  const vms = selection.rows.filter(({ kind }) => kind === "vm");
  const sites = new Set(vms.map(({ site }) => site));
  const only = vms.length === 1 ? vms[0] : undefined;
  return (
    <div className="toolbar selection-bar">
      <strong>{plural(selection.keys.size, "resource")} marked</strong>
      {operates && vms.length > 0 ? (
        <>
          <Button variant="default" leftSection={<Icon name="play" size={13} />} onClick={() => setAction("start")}>
            Start {plural(vms.length, "VM")}…
          </Button>
          <Button variant="default" leftSection={<Icon name="stop" size={13} />} onClick={() => setAction("stop")}>
            Stop…
          </Button>
          <Button variant="default" leftSection={<Icon name="trash" size={13} />} onClick={() => setAction("delete")}>
            Delete…
          </Button>
        </>
      ) : undefined}
      {migrates && vms.length > 0 && sites.size === 1 ? (
        <Button
          leftSection={<Icon name="migrations" size={13} />}
          onClick={() =>
            only
              ? void navigate({ to: "/migrations/new", search: { from: only.site, vm: only.name } })
              : void navigate({
                  to: "/waves/new",
                  search: { from: [...sites][0], vms: vms.map(({ name }) => name).join(",") },
                })
          }
        >
          {only ? "Migrate…" : "Move as a wave…"}
        </Button>
      ) : undefined}
      <Button variant="subtle" onClick={selection.clear}>
        Unmark
      </Button>
      <VmOperationModal
        action={action}
        vms={vms.map(({ site, resource_id: vm, name }) => ({ site, vm, name }))}
        onClose={() => setAction(undefined)}
      />
    </div>
  );
}
