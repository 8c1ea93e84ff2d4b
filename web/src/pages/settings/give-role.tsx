import { Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { Failed } from "../../parts/states.tsx";

const roles = ["viewer", "operator", "approver", "admin", "auditor"] as const;

/** A role within a scope; one without a limit has to be asked for in so many words. */
export function GiveRole({ onDone }: { readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [holder, setHolder] = useState("");
  const [role, setRole] = useState<(typeof roles)[number]>("viewer");
  const [site, setSite] = useState("");
  const [project, setProject] = useState("");
  const [everywhere, setEverywhere] = useState<string | null>(null);
  const limited = site.trim() !== "" || project.trim() !== "";
  const give = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/v1/role-bindings", {
          body: {
            ...{ holder: holder.trim(), role },
            scope: {
              ...(site.trim() ? { site: site.trim() } : {}),
              ...(project.trim() ? { project: project.trim() } : {}),
            },
          },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["role-bindings"] });
      onDone();
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        give.mutate();
      }}
    >
      <TextInput
        label="To whom"
        description="user/ID, group/NAME or token/ID"
        value={holder}
        onChange={(event) => setHolder(event.currentTarget.value)}
        required
        data-autofocus
      />
      <Select label="Role" data={[...roles]} value={role} onChange={(value) => setRole(value ?? "viewer")} />
      <TextInput label="At the site" value={site} onChange={(event) => setSite(event.currentTarget.value)} />
      <TextInput label="Of the project" value={project} onChange={(event) => setProject(event.currentTarget.value)} />
      {limited ? undefined : (
        <Select
          label="Without a limit it holds everywhere"
          data={[{ value: "yes", label: "Yes, everywhere" }]}
          value={everywhere}
          onChange={setEverywhere}
          placeholder="Say so"
          required
        />
      )}
      {give.isError ? <Failed error={give.error} /> : undefined}
      <div>
        <Button
          type="submit"
          loading={give.isPending}
          disabled={holder.trim() === "" || (!limited && everywhere !== "yes")}
        >
          Give it
        </Button>
      </div>
    </form>
  );
}
