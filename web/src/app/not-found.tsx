import { LinkButton } from "../parts/link-button.tsx";
import { Empty } from "../parts/states.tsx";

export function NotFound() {
  return (
    <Empty
      icon="search"
      title="There is no such page"
      action={
        <LinkButton to="/" variant="default">
          Go to the overview
        </LinkButton>
      }
    >
      The address may be of another version, or mistyped.
    </Empty>
  );
}
