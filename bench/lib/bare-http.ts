/**
 * The peer of the `api` bench: the statements that the store sends for a list and a get, behind node:http with nothing
 * between. No tokens, no validation, no conversion. Prints its port.
 */
import { createServer } from "node:http";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const wireVm = `concat('{"observed_at":"',
  to_char(sites.observed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '",', substr(vms.wire, 2))`;

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
      `select ${wireVm} as json from vms join sites on sites.site = vms.site where vms.site = $1 and vms.vm_id = $2`,
      [site, vmId],
    );
    return rows[0].json;
  }
  const limit = Number(url.searchParams.get("limit"));
  const prefix = (url.searchParams.get("name") ?? "").replace("*", "");
  const { rows } = await pool.query(
    `select concat('[', string_agg(${wireVm}, ',' order by n) filter (where n <= $4), ']') as json,
       count(*) > $4 as more, max(name) filter (where n = $4) as name,
       max(site) filter (where n = $4) as site, max(vm_id) filter (where n = $4) as vm_id
     from (select *, row_number() over (order by name, site, vm_id) as n
       from (select site, vm_id, name, wire from vms where name >= $1 and name < $2
         order by name, site, vm_id limit $3) as page) as vms
     join sites using (site)`,
    [prefix, `${prefix}\u{10ffff}`, limit + 1, limit],
  );
  return `{"items":${rows[0].json}}`;
}
