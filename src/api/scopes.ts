import type * as z from "zod";
import { type Binding, projectTag, type Scope } from "../domain/access.ts";
import type { bindingSchema, scopeSchema } from "./schemas/access.ts";

type WireScope = z.output<typeof scopeSchema>;

export function readScope({ site, project, tags }: WireScope): Scope {
  const all = { ...tags, ...(project === undefined ? {} : { [projectTag]: project }) };
  return { ...(site === undefined ? {} : { site }), ...(Object.keys(all).length > 0 ? { tags: all } : {}) };
}

export function showScope({ site, tags = {} }: Scope): WireScope {
  const { [projectTag]: project, ...others } = tags;
  return {
    ...(site === undefined ? {} : { site }),
    ...(project === undefined ? {} : { project }),
    ...(Object.keys(others).length > 0 ? { tags: others } : {}),
  };
}

export function readBinding({ role, scope }: z.output<typeof bindingSchema>): Binding {
  return { role, scope: readScope(scope) };
}

export function showBinding({ role, scope }: Binding) {
  return { role, scope: showScope(scope) };
}
