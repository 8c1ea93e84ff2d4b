/**
 * The peer of the `api` bench: the statements that the store sends for a list and a get, behind node:http with nothing
 * between. No tokens, no validation, no conversion. Prints its port.
 */
import { createServer } from "node:http";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const columns = `(select d.document from resource_documents d where d.resource_no = r.resource_no) as document,
  greatest((select i.observed_at from inventory_reads i where i.site = r.site and i.kind = 'vm'), r.refreshed_at,
    r.changed_at) as observed_at`;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://peer");
  answer(url).then(
    (body) => {
      response.setHeader("content-type", "application/json");
      response.end(body);
    },
    (error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    },
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : undefined })}\n`);
});
process.once("SIGTERM", () => process.exit(0));

async function answer(url: URL): Promise<string> {
  const [, , , site, vmId] = url.pathname.split("/");
  if (site && vmId) {
    const { rows } = await pool.query(
      `select ${columns} from resources r where r.kind = 'vm' and r.site = $1 and r.resource_id = $2`,
      [site, vmId],
    );
    return wireVm(rows[0]);
  }
  const limit = Number(url.searchParams.get("limit"));
  const prefix = (url.searchParams.get("name") ?? "").replace("*", "");
  const { rows } = await pool.query(
    `select r.site, r.resource_id, r.name, ${columns} from resources r where r.kind = 'vm' and r.name >= $1 and r.name < $2
      order by r.name, r.site, r.resource_id limit $3`,
    [prefix, `${prefix}\u{10ffff}`, limit + 1],
  );
  return `{"items":[${rows.slice(0, limit).map(wireVm).join()}]}`;
}

function wireVm(row: { document: string; observed_at: Date }): string {
  return `{"observed_at":"${row.observed_at.toISOString()}",${row.document.slice(1)}`;
}
