import { Button, PasswordInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../api/client.ts";
import { forgetToken, keepToken } from "../api/credentials.ts";
import { sessionQuery, signInUrl } from "../api/session.ts";
import { Logo } from "./logo.tsx";

/** For whoever is not signed in: the identity provider where there is one, an API token otherwise. */
export function SignIn() {
  const methods = useQuery({ queryKey: ["sign-in"], queryFn: () => answer(api.GET("/v1/auth/methods")) });
  const issuer = methods.data?.issuer;
  return (
    <main className="sign-in">
      <div className="panel sign-in-card">
        <Logo />
        <h1>Sign in</h1>
        {methods.data?.oidc ? (
          <>
            <Button component="a" href={signInUrl()} size="sm" fullWidth>
              Go on at {issuer ? new URL(issuer).host : "the identity provider"}
            </Button>
            <details>
              <summary>Use an API token</summary>
              <TokenForm />
            </details>
          </>
        ) : (
          <TokenForm />
        )}
        {methods.isError ? <p className="quiet">The API does not answer: {methods.error.message}.</p> : undefined}
      </div>
    </main>
  );
}

function TokenForm() {
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  const [refusal, setRefusal] = useState<string>();
  const [asking, setAsking] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setAsking(true);
    keepToken(token.trim());
    const session = await queries
      .fetchQuery({ ...sessionQuery, staleTime: 0 })
      .catch((error: unknown) => error as Error);
    setAsking(false);
    if (session instanceof Error) setRefusal(session.message);
    else if (session === "nobody") setRefusal("This token is not known here. Was it revoked, or has it ended?");
    else return;
    forgetToken();
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="sign-in-form">
      <PasswordInput
        label="API token"
        description="Of this instance: ./novacron up names the file that has one. It is kept for this tab only."
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
        error={refusal}
        autoComplete="off"
        required
        autoFocus
        size="sm"
      />
      <Button type="submit" loading={asking} size="sm" fullWidth>
        Sign in
      </Button>
    </form>
  );
}
