import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { KeptDocuments } from "../../../src/providers/documents.ts";
import type { DocumentsFacet } from "../../../src/providers/documents-facet.ts";
import { FolderTexts } from "../../../src/providers/folder-documents.ts";
import type { Provider } from "../../../src/providers/provider.ts";

/** A site that keeps documents in a folder of the test's own, and can be away. */
export interface TestPlace {
  readonly dir: string;
  readonly documents: DocumentsFacet;
  readonly provider: (site: string) => Promise<Provider>;
  away: boolean;
}

export function placeOf(context: Pick<TestContext, "after">): TestPlace {
  const dir = mkdtempSync(join(tmpdir(), "nvc-cp-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  const documents = new KeptDocuments("place", new FolderTexts(async () => dir));
  const place = {
    dir,
    documents,
    away: false,
    provider: async () => {
      if (place.away) throw new Error("the site is away");
      return { documents, capabilities: {} } as unknown as Provider;
    },
  };
  return place;
}
