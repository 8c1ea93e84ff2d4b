import { ActionIcon, Button, Menu, Modal, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { savedSearchesQuery } from "../../api/queries.ts";
import { tell } from "../../app/tell.tsx";
import { Icon } from "../../parts/icons.tsx";

interface SavedViewsProps {
  /** What is looked at now. */
  readonly query: string;
  readonly onChoose: (query: string) => void;
}

/** Searches that people kept: their own, and those that others share. */
export function SavedViews({ query, onChoose }: SavedViewsProps) {
  const queries = useQueryClient();
  const { data: searches } = useQuery(savedSearchesQuery);
  const [saving, setSaving] = useState(false);
  const remove = useMutation({
    mutationFn: (id: string) => answer(api.DELETE("/v1/searches/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: savedSearchesQuery.queryKey }),
    onError: tell.failure,
  });
  return (
    <>
      <Menu position="bottom-end" width={340}>
        <Menu.Target>
          <Button variant="default" leftSection={<Icon name="bookmark" size={14} />}>
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(searches ?? []).length === 0 ? <Menu.Label>None is kept yet</Menu.Label> : undefined}
          {(searches ?? []).map((search) => (
            <Menu.Item
              key={search.search_id}
              onClick={() => onChoose(search.query)}
              rightSection={
                search.mine ? (
                  <ActionIcon
                    component="span"
                    size="sm"
                    role="button"
                    aria-label={`Delete the view ${search.name}`}
                    onClick={(event) => {
                      event.stopPropagation();
                      remove.mutate(search.search_id);
                    }}
                  >
                    <Icon name="trash" size={13} />
                  </ActionIcon>
                ) : undefined
              }
            >
              {search.name}
              <div className="quiet mono view-query">{search.query}</div>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<Icon name="plus" size={14} />}
            disabled={query === ""}
            onClick={() => setSaving(true)}
          >
            Keep this view…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={saving} onClose={() => setSaving(false)} title="Keep this view">
        <SaveForm query={query} onDone={() => setSaving(false)} />
      </Modal>
    </>
  );
}

function SaveForm({ query, onDone }: { readonly query: string; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const save = useMutation({
    mutationFn: () => answer(api.POST("/v1/searches", { body: { name: name.trim(), query, shared } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: savedSearchesQuery.queryKey });
      tell.done(`The view ${name.trim()} is kept`);
      onDone();
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <pre className="json">{query}</pre>
      <Switch
        checked={shared}
        onChange={(event) => setShared(event.currentTarget.checked)}
        label="Others see it, and find with it what they reach"
      />
      {save.isError ? (
        <div role="alert" className="tone-text" data-tone="bad">
          {save.error.message}
        </div>
      ) : undefined}
      <div className="wrap">
        <Button type="submit" loading={save.isPending}>
          Keep
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
