import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { places } from "./nav.ts";

const withinMs = 1_200;

/** Ctrl-K (or `/`) searches; `g` and a letter goes to a place. Nothing of it while somebody writes. */
export function usePlaceKeys(onSearch: () => void): void {
  const navigate = useNavigate();
  const going = useRef(0);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        onSearch();
        return;
      }
      const target = event.target as HTMLElement;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        target.closest("input, textarea, select, [contenteditable]")
      )
        return;
      if (event.key === "/") {
        event.preventDefault();
        const field = document.querySelector<HTMLElement>("[data-page-search]");
        if (field) field.focus();
        else onSearch();
      } else if (event.key === "g") going.current = Date.now();
      else if (Date.now() - going.current < withinMs) {
        going.current = 0;
        const place = places.find(({ key }) => key === event.key);
        if (place) void navigate({ to: place.to });
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate, onSearch]);
}
