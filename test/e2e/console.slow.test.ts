import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import type { LabApi } from "../../bench/lib/lab-api.ts";
import { bringInConsole } from "../../src/host/bring-in/console.ts";
import { seriousFindings, startBrowser, takeSeat } from "../support/browser.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
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
  await lab.startWorker();
  api = await lab.startApi();
  for (const name of ["web-1", "db-1"]) {
    const disks = [{ sizeBytes: 16 * MiB, dataBytes: 4 * MiB }];
    await lab.sandbox("POST", "/data-vms", { site: "onprem-a", name, disks });
  }
  await api.post("/v1/resources/refresh", { sites: ["onprem-a", "onprem-b"] });
  groupId = await protectedGroup(lab, "onprem-a", "onprem-b", ["db-1"]);
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
