import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./console.css";
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProblem, isProblem } from "./api/problem.ts";
import { styleNonce } from "./api/server-facts.ts";
import { router } from "./app/router.tsx";
import { theme, variables } from "./app/theme.ts";

// Some libraries add style elements while they run; the page's policy lets in those that carry its nonce.
if (styleNonce) setNonce(styleNonce);

/** Somebody whose session ended meanwhile sees the sign-in instead of a page of errors. */
function onError(error: unknown): void {
  if (isProblem(error, "Unauthenticated")) void queries.invalidateQueries({ queryKey: ["session"] });
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the API refused, it refuses again.
      retry: (failures, error) =>
        failures < 3 && (!(error instanceof ApiProblem) || error.status === 0 || error.status >= 500),
    },
  },
});

const element = document.getElementById("console");
if (!element) throw new Error("The page has no place for the console");
createRoot(element).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      colorSchemeManager={localStorageColorSchemeManager({ key: "novacron-colours" })}
      {...(styleNonce ? { getStyleNonce: () => styleNonce as string } : {})}
    >
      <Notifications position="bottom-right" limit={4} />
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
