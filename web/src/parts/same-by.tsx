import { ActionIcon, Button, CopyButton, Popover } from "@mantine/core";
import { useTemporalUrl } from "../api/server-facts.ts";
import { Icon } from "./icons.tsx";

interface SameByProps {
  /** The command that does or shows the same, without `./novacron`. */
  readonly cli: string;
  /** `GET /v1/migrations/…`; a body may follow on further lines. */
  readonly api: string;
  /** The run that carries it out. */
  readonly workflowId?: string | undefined;
}

/** What a page shows or does, by the other ways: the command line, the API, and the run in Temporal. */
export function SameBy({ cli, api, workflowId }: SameByProps) {
  const temporal = useTemporalUrl(workflowId);
  return (
    <>
      {temporal ? (
        <Button
          component="a"
          href={temporal}
          target="_blank"
          rel="noreferrer"
          variant="default"
          rightSection={<Icon name="external" size={13} />}
        >
          Temporal run
        </Button>
      ) : undefined}
      <Popover width={460} position="bottom-end" shadow="md" withArrow trapFocus returnFocus>
        <Popover.Target>
          <Button variant="default" leftSection={<Icon name="terminal" size={14} />}>
            CLI and API
          </Button>
        </Popover.Target>
        <Popover.Dropdown className="same-by">
          <Snippet label="Command line" text={`./novacron ${cli}`} />
          <Snippet label="API" text={api} />
          {workflowId === undefined ? undefined : <Snippet label="Temporal workflow" text={workflowId} />}
        </Popover.Dropdown>
      </Popover>
    </>
  );
}

export function Snippet({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className="snippet">
      <div className="snippet-head">
        <span>{label}</span>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <ActionIcon size="sm" onClick={copy} aria-label={copied ? `${label} copied` : `Copy: ${label}`}>
              <Icon name={copied ? "check" : "copy"} size={13} />
            </ActionIcon>
          )}
        </CopyButton>
      </div>
      <pre tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
    </div>
  );
}
