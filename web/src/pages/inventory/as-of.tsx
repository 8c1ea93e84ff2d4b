import { Button, Popover, Slider, TextInput } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../../parts/icons.tsx";

/** Ages that the slider stops at, now on the right: near ones finer than far ones. */
const stops = [
  "400d",
  "180d",
  "90d",
  "30d",
  "14d",
  "7d",
  "3d",
  "24h",
  "12h",
  "6h",
  "3h",
  "1h",
  "15m",
  undefined,
] as const;

/** The moment that is looked at: now, or as it was. The API takes ages, days and times. */
export function AsOf({
  value,
  onChange,
}: {
  readonly value: string | undefined;
  readonly onChange: (asOf: string | undefined) => void;
}) {
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState("");
  const index = stops.indexOf(value as (typeof stops)[number]);
  const at = index < 0 ? stops.length - 1 : index;
  return (
    <Popover opened={opened} onChange={setOpened} width={400} position="bottom-end" withArrow trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant={value ? "light" : "default"}
          leftSection={<Icon name="clock" size={14} />}
          onClick={() => setOpened(!opened)}
          aria-expanded={opened}
        >
          {value ? `As of ${isAge(value) ? `${value} ago` : value}` : "Now"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          <strong>Look at another time</strong>
          <Slider
            min={0}
            max={stops.length - 1}
            step={1}
            value={at}
            onChange={(next) => onChange(stops[next])}
            label={(next) => (stops[next] ? `${stops[next]} ago` : "now")}
            thumbLabel="How long ago"
            marks={[
              { value: 0, label: "400 d" },
              { value: 3, label: "30 d" },
              { value: 7, label: "24 h" },
              { value: 13, label: "now" },
            ]}
            mb="lg"
            mx="sm"
          />
          <form
            className="wrap"
            onSubmit={(event) => {
              event.preventDefault();
              onChange(typed.trim() || undefined);
              setOpened(false);
            }}
          >
            <TextInput
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              placeholder="2026-11-24T10:00Z, 2026-11, yesterday, 36h"
              aria-label="A time, a day or an age"
              flex={1}
            />
            <Button type="submit">Go there</Button>
            {value ? (
              <Button variant="default" onClick={() => onChange(undefined)}>
                Now
              </Button>
            ) : undefined}
          </form>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function isAge(text: string): boolean {
  return /^\d+(?:s|m|h|d|w|mo|y)$/.test(text);
}
