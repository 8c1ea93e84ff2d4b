import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { may } from "../lib/access.ts";
import { answer, api, type Schemas } from "./client.ts";
import { forgetToken, keptToken, noteCsrfToken } from "./credentials.ts";
import { isProblem } from "./problem.ts";

export type Session = Schemas["Session"];

/** Who sits there; undefined when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | "nobody"> => {
    try {
      const session = await answer(api.GET("/v1/auth/session"));
      noteCsrfToken(session.csrf_token);
      return session;
    } catch (error) {
      if (!isProblem(error, "Unauthenticated")) throw error;
      if (keptToken() !== undefined) forgetToken();
      return "nobody";
    }
  },
  staleTime: 60_000,
});

/** The session of a page behind the sign-in. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === "nobody") throw new Error("Nobody is signed in");
  return data;
}

export function useMay(permission: string): boolean {
  return may(useSession(), permission);
}

export async function signOut(): Promise<void> {
  const token = keptToken();
  if (token === undefined) {
    const { end_session_url: next } = await answer(api.POST("/v1/auth/sign-out"));
    location.assign(next ?? "/");
    return;
  }
  forgetToken();
  location.assign("/");
}

/** A fresh sign-in with a second factor, and back to where one was. */
export function stepUpUrl(): string {
  return signInUrl(true);
}

export function signInUrl(stepUp = false): string {
  const here = `${location.pathname}${location.search}`;
  return `/v1/auth/sign-in?${stepUp ? "step_up=true&" : ""}return_to=${encodeURIComponent(here)}`;
}
