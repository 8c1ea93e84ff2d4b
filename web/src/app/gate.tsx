import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/session.ts";
import { Failed, Loading } from "../parts/states.tsx";
import { Shell } from "./shell.tsx";
import { SignIn } from "./sign-in.tsx";

/** Nobody gets further without saying who they are. */
export function Gate() {
  const session = useQuery(sessionQuery);
  if (session.data === "nobody") return <SignIn />;
  if (session.data) return <Shell />;
  if (session.isError) {
    return (
      <main className="sign-in">
        <Failed error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  return (
    <main className="sign-in">
      <Loading rows={3} label="Opening the console" />
    </main>
  );
}
