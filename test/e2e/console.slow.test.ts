// Long because one stack is up for all pages of the console.
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import type { LabApi } from "../../bench/lib/lab-api.ts";
import { bringInConsole } from "../../src/host/bring-in/console.ts";
import { ensureAlertsWatched } from "../../src/temporal/alerts.ts";
import { seriousFindings, startBrowser, takeSeat } from "../support/browser.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { furnish, pushQueues } from "./support/console-data.ts";
import { protectedGroup } from "./support/protected-groups.ts";

const MiB = 2 ** 20;
const pages = [
  ["/", "Overview"],
  ["/inventory?q=vms", "Inventory"],
  ["/migrations", "Migrations"],
  ["/migrations/new", "Migrate a VM"],
  ["/waves", "Waves"],
  ["/waves/new", "Plan a wave"],
  ["/recovery", "Recovery"],
  ["/recovery/new", "Protect VMs"],
  ["/bursting", "Bursting"],
  ["/bursting/spring", "spring"],
  ["/bursting/spring/settings", "Settings of spring"],
  ["/networks", "Networks"],
  ["/networks?show=addresses", "Networks"],
  ["/networks?show=pools", "Networks"],
  ["/networks/yard-to-cloud", "onprem-a ↔ aws-us-east-1"],
  ["/cost?by=tag:project", "Cost"],
  ["/cost?show=budgets", "Cost"],
  ["/cost?show=chargeback", "Cost"],
  ["/cost?show=reconcile", "Cost"],
  ["/cost?show=savings", "Cost"],
  ["/cost?show=what-if", "Cost"],
  ["/policies", "Policies"],
  ["/policies?show=findings", "Policies"],
  ["/policies?show=exemptions", "Policies"],
  ["/policies?show=reports&framework=soc2", "Policies"],
  ["/policies/tags-owner", "tags-owner"],
  ["/alerts", "Alerts"],
  ["/alerts?show=rules&open=new", "Alerts"],
  ["/alerts?show=silences", "Alerts"],
  ["/alerts?show=deliveries", "Alerts"],
  ["/runs", "Runs"],
  ["/runs?show=restores", "Runs"],
  ["/audit", "Audit"],
  ["/settings/sites", "Settings"],
  ["/settings/access", "Settings"],
  ["/settings/tokens", "Settings"],
  ["/settings/system", "Settings"],
] as const;

let lab: Lab;
let api: LabApi;
let browser: Browser;
let why: string | undefined;
let groupId: string;

before(async () => {
  const [built, started] = await Promise.all([bringInConsole(), startBrowser()]);
  if (built === undefined || typeof started === "string") {
    why = typeof started === "string" ? started : "the console could not be built";
    return;
  }
  browser = started;
  process.env.NOVACRON_CONSOLE_DIR = built;
  lab = await startLab();
  await Promise.all([lab.startWorker(), lab.startListener()]);
  await ensureAlertsWatched(lab.client, { groupWaitMs: 300 });
  api = await lab.startApi();
  for (const name of ["web-1", "db-1", "lone-1"]) {
    const disks = [{ sizeBytes: 16 * MiB, dataBytes: 4 * MiB }];
    await lab.sandbox("POST", "/data-vms", { site: "onprem-a", name, disks });
  }
  await api.post("/v1/resources/refresh", { sites: ["onprem-a", "onprem-b"] });
  [groupId] = await Promise.all([protectedGroup(lab, "onprem-a", "onprem-b", ["db-1"]), furnish(api, lab.store)]);
});
after(async () => {
  await browser?.close();
  await lab?.close();
});

describe("the console in a browser", () => {
  test("lets nobody in without a token, says why one is refused, and opens with one that is known", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url });
    const { page } = seat;
    await page.goto("/migrations");
    const field = page.getByLabel("API token");
    await field.fill("a-token-that-nobody-gave-out");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This token is not known here").waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await field.fill(api.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();
    await seat.context.close();
  });

  for (const colorScheme of ["dark", "light"] as const) {
    test(`shows every page in ${colorScheme} without an error, and to everybody`, async (context) => {
      if (why) return context.skip(why);
      const seat = await takeSeat(browser, { baseURL: api.url, token: api.token, colorScheme });
      const found: string[] = [];
      for (const [path, title] of [...pages, [`/recovery/${groupId}`, groupId.replace(/^group-/, "")] as const]) {
        await seat.page.goto(path);
        await seat.page.getByRole("heading", { level: 1, name: title }).waitFor();
        // Until what is read is there.
        await seat.page.locator(".loading").first().waitFor({ state: "detached" });
        found.push(...(await seriousFindings(seat.page)));
      }
      assert.deepEqual(found, []);
      assert.deepEqual(seat.complaints, []);
      await seat.context.close();
    });
  }

  test("finds by the search language, completes it, and keeps what is looked at in the address", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto("/inventory");
    const search = page.getByRole("combobox", { name: "Search the inventory" });
    await search.pressSequentially("kind:v");
    await page.getByRole("option", { name: "kind:vm" }).waitFor();
    await search.press("ArrowDown");
    await search.press("Enter");
    await search.pressSequentially("name:web-*");
    await page.waitForURL(/name%3Aweb-/);
    await page.getByText("1 found").waitFor();
    await page.getByRole("row", { name: /web-1/ }).click();
    await page
      .getByRole("dialog")
      .getByRole("tab", { name: /History/ })
      .click();
    const shared = page.url();
    await page.goto("/");
    await page.goto(shared);
    await page.getByRole("dialog").getByRole("heading", { name: "web-1" }).waitFor();
    await page.keyboard.press("Escape");
    await search.fill("cpus>many");
    await page.getByText("many is not a value of cpus").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search anything" }).fill("audit");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await seat.context.close();
  });

  test("moves a VM by the wizard, from picking it to its certificate", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto("/migrations/new");
    await page.getByRole("row", { name: /web-1/ }).click();
    await page.locator("input:visible").and(page.getByLabel("Target site")).click();
    await page.getByRole("option", { name: /onprem-b/ }).click();
    await page.getByRole("button", { name: "Plan it" }).click();
    await page.getByRole("heading", { name: "Checks" }).waitFor();
    assert.match(page.url(), /plan=/);
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole("button", { name: "Start this move" }).click();
    await page.getByText("Source and target are identical").waitFor({ timeout: 180_000 });
    await page.getByText("awaiting finalize").first().waitFor();
    await page.getByRole("log", { name: "Story" }).getByText("Moved and proven").waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole("button", { name: "Finalize…" }).click();
    const last = page.getByRole("button", { name: "Remove the source for good" });
    await last.waitFor();
    assert.equal(await last.isDisabled(), true);
    await page.getByLabel(/Type web-1 to go on/).fill("web-1");
    assert.equal(await last.isDisabled(), false);
    assert.deepEqual(seat.complaints, []);
    await seat.context.close();
  });

  test("fails over behind a guard: a reason, a plan, and the group's name", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto(`/recovery/${groupId}`);
    const name = (await page.getByRole("heading", { level: 1 }).innerText()).split("\n")[0]?.trim() ?? "";
    await page.getByRole("button", { name: "Fail over…" }).click();
    const show = page.getByRole("button", { name: "Show its plan" });
    assert.equal(await show.isDisabled(), true);
    await page.getByLabel("Planned").check();
    await page.getByLabel("Why").fill("the hall is being emptied");
    await show.click();
    const go = page.getByRole("button", { name: "Fail over now" });
    await go.waitFor();
    assert.equal(await go.isDisabled(), true);
    const field = page.getByLabel(/to go on/);
    await field.fill("another group");
    assert.equal(await go.isDisabled(), true);
    await field.fill(name);
    assert.deepEqual(await seriousFindings(page), []);
    await go.click();
    await page.getByRole("heading", { level: 1, name: /switchover/ }).waitFor();
    await page.getByRole("heading", { level: 1, name: /done/ }).waitFor({ timeout: 180_000 });
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(seat.complaints, []);
    await seat.context.close();
  });

  test("makes a rule that fires, silences what fires, and says so", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto("/");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Search anything" }).fill("make an alert rule");
    await page.keyboard.press("Enter");
    const form = page.getByRole("dialog", { name: "Make a rule" });
    await form.getByLabel("Name").fill("invoices-wait");
    await form.locator("input:visible").and(form.getByLabel("Figure")).fill("queue.length");
    await form.getByLabel("Than").fill("20");
    await form.getByLabel("For", { exact: true }).fill("0");
    await form.getByText("queue.length > 20", { exact: true }).waitFor();
    await form.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("row", { name: /invoices-wait/ }).waitFor();
    // What was pushed before is older by now than what an alert goes by.
    await pushQueues(api);
    await page.goto("/alerts?state=firing&rule=orders-wait");
    await page.getByRole("button", { name: /Silence orders-wait/ }).click();
    await page.getByLabel("Why").fill("a queue is being emptied");
    await page.getByRole("button", { name: "Silence it" }).click();
    await page
      .getByRole("row", { name: /orders-wait/ })
      .getByText("silenced")
      .waitFor();
    await page.goto("/alerts?show=silences");
    await page.getByRole("row", { name: /a queue is being emptied/ }).waitFor();
    assert.deepEqual(seat.complaints, []);
    await seat.context.close();
  });

  test("tries a policy while it is written, mends a finding by its plan, and takes that back", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto("/policies/new");
    await page.getByLabel("Scope").fill("name:lone-1");
    await page.getByText(/^1 of 1 resources would break it/).waitFor();
    await page.locator("label", { hasText: "It must not be" }).click();
    await page.getByText(/^0 of 1 resources would break it/).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.goto("/policies?show=findings&policy=tags-owner");
    await page.getByRole("row", { name: /lone-1/ }).click();
    await page.getByText("owner: none").waitFor();
    await page.getByRole("button", { name: "Plan to mend it…" }).click();
    await page.getByText("Give lone-1 at onprem-a the tags").waitFor();
    await page.getByRole("button", { name: "Mend exactly these" }).click();
    await page.getByRole("heading", { level: 1, name: /remediate findings\s*done/ }).waitFor();
    await page.goto("/policies?show=remediations");
    await page.getByRole("button", { name: /Take it back:/ }).click();
    await page.getByRole("button", { name: "Take it back", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: /done/ }).waitFor();
    assert.deepEqual(seat.complaints, []);
    await seat.context.close();
  });

  test("opens a cost into what it is made of, and sets a budget that is over", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto("/cost?by=tag:project");
    await page.getByRole("img", { name: "effective cost a day by tag:project" }).locator("canvas").waitFor();
    await page.getByRole("row", { name: /^db \d/ }).click();
    await page.waitForURL(/where=tag%3Aproject%3Ddb/);
    await page.getByRole("row", { name: /^vol-1 \d/ }).waitFor();
    assert.equal(await page.getByRole("row", { name: /^vm-1 \d/ }).count(), 0);
    await page.goto("/cost?show=budgets");
    await page.getByRole("button", { name: "Make a budget" }).click();
    await page.getByLabel("Name").fill("databases");
    await page.getByLabel("Which costs").fill("source=acme");
    await page.getByLabel("Amount").fill("1");
    await page.getByRole("button", { name: "Make it" }).click();
    await page.getByRole("row", { name: /databases.*over/ }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(seat.complaints, []);
    await seat.context.close();
  });

  test("explains what a pool does, and orders VMs of it by hand", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto("/bursting");
    await page.getByRole("row", { name: /^spring/ }).click();
    await page.getByText(/because nothing was measured lately: 0 VMs of 0 wanted/).waitFor();
    await page.getByRole("button", { name: "Order VMs…" }).click();
    await page.getByLabel("At least").fill("1");
    await page.getByRole("button", { name: "Order them" }).click();
    await page.getByText("at least 1, by a person").waitFor();
    // No site of the pool has such an image, and the page says so.
    await page.getByText(/because no site offers a VM now/).waitFor();
    await page.getByRole("row", { name: /onprem-b.*no image catalogue/ }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    assert.deepEqual(seat.complaints, []);
    await seat.context.close();
  });

  test("gives a range out of a pool, and says why two sites can't be connected", async (context) => {
    if (why) return context.skip(why);
    const seat = await takeSeat(browser, { baseURL: api.url, token: api.token });
    const { page } = seat;
    await page.goto("/networks?show=pools");
    await page.getByRole("row", { name: /10\.64\.1\.0\/24.*web tier/ }).waitFor();
    await page.getByRole("button", { name: "Give out of estate" }).click();
    await page.locator("input:visible").and(page.getByLabel("To the site")).click();
    await page.getByRole("option", { name: "onprem-a" }).click();
    await page.getByLabel("For").fill("batch");
    await page.getByRole("button", { name: "Give it the next free range" }).click();
    await page.getByRole("row", { name: /10\.64\.2\.0\/24.*batch/ }).waitFor();
    assert.deepEqual(seat.complaints, []);
    await page.goto("/networks/connect");
    await page.locator("input:visible").and(page.getByLabel("Near")).click();
    await page.getByRole("option", { name: "onprem-a" }).click();
    await page.locator("input:visible").and(page.getByLabel("Far")).click();
    await page.getByRole("option", { name: "onprem-b" }).click();
    await page.getByRole("button", { name: "Ask both ends" }).click();
    await page
      .getByText(/Set `network_config.tunnel_key`/)
      .first()
      .waitFor();
    assert.equal(await page.getByRole("button", { name: "Connect them" }).count(), 0);
    await seat.context.close();
  });

  test("shows a viewer nothing to change with, and the API refuses what is asked for all the same", async (context) => {
    if (why) return context.skip(why);
    const { token } = await api.post<{ token: string }>("/v1/tokens", {
      name: "looks",
      bindings: [{ role: "viewer", scope: {} }],
    });
    const seat = await takeSeat(browser, { baseURL: api.url, token });
    const { page } = seat;
    await page.goto("/migrations");
    await page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Migrate a VM" }).count(), 0);
    assert.equal(
      await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Audit" }).count(),
      0,
    );
    await page.goto("/migrations/new");
    await page.getByText("Your roles do not hold migrations:write").waitFor();
    await page.goto("/audit");
    await page.getByText("Your roles do not hold audit:read").waitFor();
    await page.goto("/alerts?show=rules");
    await page.getByRole("row", { name: /orders-wait/ }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Make a rule" }).count(), 0);
    await page.goto("/policies/new");
    await page.getByText("Your roles do not hold policies:write").waitFor();
    await page.goto(`/recovery/${groupId}`);
    await page.getByRole("heading", { name: "Recovery points" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Fail over…" }).count(), 0);
    const status = await page.evaluate(async (bearer) => {
      const headers = {
        authorization: `Bearer ${bearer}`,
        "idempotency-key": crypto.randomUUID(),
        "content-type": "application/json",
      };
      const body = JSON.stringify({ vm: "db-1", from: "onprem-a", to: "onprem-b" });
      return (await fetch("/v1/migrations", { method: "POST", headers, body })).status;
    }, token);
    assert.equal(status, 403);
    await seat.context.close();
  });
});
