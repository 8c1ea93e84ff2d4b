import { Button } from "@mantine/core";

/** A small button at the end of a row that asks further; it is read out with the row's name. */
export function RowAction(props: {
  readonly verb: string;
  readonly of: string;
  /** Ends something. */
  readonly ends?: boolean;
  readonly onClick: () => void;
}) {
  const { verb, of, ends = false, onClick } = props;
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      {...(ends ? { color: "red" } : {})}
      aria-label={`${verb} ${of}`}
      onClick={onClick}
    >
      {verb}…
    </Button>
  );
}
