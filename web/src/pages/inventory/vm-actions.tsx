import { Button } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { Icon } from "../../parts/icons.tsx";
import { type VmAction, VmOperationModal } from "./vm-operation-modal.tsx";

/** What can be done to one VM where it is. */
export function VmActions({ site, vm }: { readonly site: string; readonly vm: Schemas["Resource"] }) {
  const [action, setAction] = useState<VmAction>();
  if (!useMay("vms:write")) return undefined;
  const runs = vm.state === "running";
  const vms = [{ site, vm: vm.resource_id, name: vm.name }];
  return (
    <>
      {runs ? (
        <Button variant="default" leftSection={<Icon name="stop" size={13} />} onClick={() => setAction("stop")}>
          Stop…
        </Button>
      ) : (
        <Button variant="default" leftSection={<Icon name="play" size={13} />} onClick={() => setAction("start")}>
          Start…
        </Button>
      )}
      <Button variant="default" leftSection={<Icon name="trash" size={13} />} onClick={() => setAction("delete")}>
        Delete…
      </Button>
      <VmOperationModal action={action} vms={vms} onClose={() => setAction(undefined)} />
    </>
  );
}
