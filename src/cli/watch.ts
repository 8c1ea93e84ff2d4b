import { answerOf, type ConnectedApi, type Schemas } from "./client.ts";
import { followMigration, type MigrationEvent } from "./event-stream.ts";
import { CliError } from "./failure.ts";

type Migration = Schemas["Migration"];

/** After these nothing goes on by itself. */
const restingStates: readonly string[] = [
  "awaiting-cutover",
  "awaiting-finalize",
  "finalized",
  "undone",
  "rolled-back",
  "cancelled",
  "failed",
];
const goodStates: readonly string[] = ["awaiting-cutover", "awaiting-finalize", "finalized"];
const barWidth = 24;

/** Shows a migration's steps as they go, on stderr, until it rests; returns how it rests then. */
export async function watchMigration(connected: ConnectedApi, migrationId: string): Promise<Migration> {
  const screen = process.stderr.isTTY ? new LiveScreen() : new LineScreen();
  const read = () => answerOf(connected.api.GET("/v1/migrations/{id}", { params: { path: { id: migrationId } } }));
  const onInterruption = (reason: string) => screen.note(`the event stream broke (${reason}); connecting again`);
  for await (const event of followMigration(connected, migrationId, { onInterruption })) {
    screen.show(event);
    // An earlier rest may have been followed by a finalize or a rollback: only today's state ends the watch.
    if (restsBy(event) && restingStates.includes((await read()).state)) break;
  }
  screen.end();
  return read();
}

/** @throws CliError for a migration that did not come to a good end. */
export function requireGoodEnd(migration: Migration): void {
  const { problem } = migration;
  // A running guest that moved stays moved, whatever failed after its switch.
  const unproven = migration.state === "awaiting-finalize" && problem !== undefined;
  if (goodStates.includes(migration.state) && !unproven) return;
  const left = problem?.left_behind ?? [];
  const action =
    left.length > 0
      ? `Left behind:\n${left.map(({ resource, remove }) => `  ${resource}\n    remove it: ${remove}`).join("\n")}`
      : `See all of it: novacron migrations show ${migration.migration_id}`;
  throw new CliError(`The migration is ${migration.state}${problem ? `: ${problem.message}` : ""}`, action);
}

function restsBy(event: MigrationEvent): boolean {
  return restingStates.includes(String(event.data.state)) && (event.type === "state" || event.type === "problem");
}

export function progressBar(percent: number): string {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * barWidth);
  return `${"█".repeat(full)}${"░".repeat(barWidth - full)} ${String(Math.round(percent)).padStart(3)} %`;
}

/** For logs and pipes: a line an event, progress at every tenth. */
class LineScreen {
  #tenth = 0;

  show(event: MigrationEvent): void {
    if (event.type !== "progress") {
      this.note(event.message);
      return;
    }
    const tenth = Math.floor(Number(event.data.progress) / 10);
    if (tenth <= this.#tenth) return;
    this.#tenth = tenth;
    this.note(event.message);
  }

  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  end(): void {}
}

/** For a terminal: finished lines above, one line that changes below. */
class LiveScreen {
  #percent = 0;
  #now = "";

  show(event: MigrationEvent): void {
    const { progress } = event.data;
    if (typeof progress === "number") this.#percent = progress;
    if (event.type === "progress") this.#now = event.message;
    else {
      this.#clear();
      process.stderr.write(`  ${event.message}\n`);
      this.#now = event.message;
    }
    this.#draw();
  }

  note(text: string): void {
    this.#now = text;
    this.#draw();
  }

  end(): void {
    this.#clear();
  }

  #clear(): void {
    process.stderr.write("\r\u001b[K");
  }

  #draw(): void {
    const room = Math.max(20, (process.stderr.columns ?? 80) - 1);
    process.stderr.write(`\r\u001b[K${`${progressBar(this.#percent)}  ${this.#now}`.slice(0, room)}`);
  }
}
