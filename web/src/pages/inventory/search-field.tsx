import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import type { Schemas } from "../../api/client.ts";
import { sitesQuery } from "../../api/queries.ts";
import { accept, type Completion, complete, type Vocabulary } from "../../lib/completion.ts";
import { Icon } from "../../parts/icons.tsx";

interface SearchFieldProps {
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** What is in sight: its tags are offered. */
  readonly seen: readonly Schemas["Resource"][];
  readonly problem?: { readonly message: string; readonly action: string } | undefined;
}

/** The search language with what could be written next. Arrow keys choose, Tab or Enter takes, Escape leaves it. */
export function SearchField({ value, onChange, seen, problem }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState<{ completion: Completion; at: number }>();
  const vocabulary = useVocabulary(seen);

  const offer = (text: string) => {
    const completion = complete(text, input.current?.selectionStart ?? text.length, vocabulary);
    setOpen(completion.suggestions.length > 0 ? { completion, at: -1 } : undefined);
  };
  const take = (index: number) => {
    const chosen = open?.completion.suggestions[index];
    if (!open || !chosen) return;
    const { text, caret } = accept(value, open.completion, chosen);
    onChange(text);
    requestAnimationFrame(() => {
      input.current?.setSelectionRange(caret, caret);
      offer(text);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const many = open?.completion.suggestions.length ?? 0;
    if (event.key === "Escape" && open) setOpen(undefined);
    else if (event.key === "ArrowDown" && !open) offer(value);
    else if (event.key === "ArrowDown" && open) setOpen({ ...open, at: (open.at + 1) % many });
    else if (event.key === "ArrowUp" && open) setOpen({ ...open, at: (open.at - 1 + many) % many });
    else if (event.key === "Tab" && !event.shiftKey && open && (open.at >= 0 || many === 1)) take(Math.max(0, open.at));
    else if (event.key === "Enter" && open && open.at >= 0) take(open.at);
    else if (event.key === "Enter") setOpen(undefined);
    else return;
    if (event.key !== "Enter" || open) event.preventDefault();
  };

  return (
    <div className="search-field">
      <Icon name="search" size={14} />
      <input
        ref={input}
        data-page-search
        value={value}
        onChange={(event) => {
          onChange(event.currentTarget.value);
          offer(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        onFocus={() => offer(value)}
        onBlur={() => setOpen(undefined)}
        placeholder='name:web-*  tag.env=prod  provider:aws  cpu>4  stopped>30d  "free text"'
        role="combobox"
        aria-label="Search the inventory"
        aria-expanded={open !== undefined}
        aria-controls="search-suggestions"
        aria-autocomplete="list"
        aria-activedescendant={open && open.at >= 0 ? `suggestion-${open.at}` : undefined}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? "search-problem" : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
      {value ? (
        <button type="button" className="search-clear" aria-label="Clear the search" onClick={() => onChange("")}>
          <Icon name="close" size={13} />
        </button>
      ) : undefined}
      {open ? (
        <div className="suggestions" role="listbox" id="search-suggestions" aria-label="What can be written next">
          {open.completion.suggestions.map(({ text, what }, index) => (
            <div
              key={text}
              id={`suggestion-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === open.at}
              // Before the field loses the focus.
              onMouseDown={(event) => {
                event.preventDefault();
                take(index);
              }}
            >
              <span className="mono">{text}</span>
              <small>{what}</small>
            </div>
          ))}
        </div>
      ) : undefined}
      {problem ? (
        <div id="search-problem" role="alert" className="search-problem">
          {problem.message}. {problem.action}
        </div>
      ) : undefined}
    </div>
  );
}

const mostValues = 60;

/** Words of the estate: its sites, and the tags of what is in sight. */
function useVocabulary(seen: readonly Schemas["Resource"][]): Vocabulary {
  const { data: sites } = useQuery(sitesQuery);
  return useMemo(() => {
    const values = new Map<string, Set<string>>();
    for (const { tags } of seen.slice(0, 500)) {
      for (const [key, value] of Object.entries(tags)) {
        const known = values.get(key) ?? new Set();
        if (known.size < mostValues) known.add(value);
        values.set(key, known);
      }
    }
    const sorted = (from: Iterable<string>) => [...new Set(from)].sort();
    return {
      sites: (sites ?? []).map(({ site }) => site),
      providers: sorted((sites ?? []).map(({ kind }) => kind)),
      regions: sorted((sites ?? []).flatMap(({ region }) => region ?? [])),
      tagKeys: sorted(values.keys()),
      tagValues: Object.fromEntries([...values].map(([key, known]) => [key, sorted(known)])),
    };
  }, [sites, seen]);
}
