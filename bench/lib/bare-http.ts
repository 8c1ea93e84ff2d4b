/**
 * The peer of the `api` bench: the statements that the store sends for a list and a get, behind node:http with nothing
 * between. No tokens, no validation, no conversion. Prints its port.
 */
import { createServer } from "node:http";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const observedAt = "(select s.observed_at from sites s where s.site = vms.site) as observed_at";

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
    const { rows } = await pool.query(`select wire, ${observedAt} from vms where site = $1 and vm_id = $2`, [
      site,
      vmId,
    ]);
    return wireVm(rows[0]);
  }
  const limit = Number(url.searchParams.get("limit"));
  const prefix = (url.searchParams.get("name") ?? "").replace("*", "");
  const { rows } = await pool.query(
    `select site, vm_id, name, wire, ${observedAt} from vms where name >= $1 and name < $2 order by name, site, vm_id limit $3`,
    [prefix, `${prefix}\u{10ffff}`, limit + 1],
  );
  return `{"items":[${rows.slice(0, limit).map(wireVm).join()}]}`;
}

function wireVm(row: { wire: string; observed_at: Date }): string {
  return `{"observed_at":"${row.observed_at.toISOString()}",${row.wire.slice(1)}`;
}
