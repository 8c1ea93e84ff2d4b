import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client.ts";
import { duration } from "../../lib/format.ts";
import { toneOf } from "../../lib/tone.ts";

/** The groups in their order, each with its VMs as cards. */
export function WaveBoard({ wave }: { readonly wave: Schemas["Wave"] }) {
  const names = [...new Set([...wave.groups.map(({ name }) => name), ...wave.members.map(({ group }) => group)])];
  return (
    <div className="board" role="group" aria-label="Groups of the wave" tabIndex={0}>
      {names.map((name) => {
        const members = wave.members.filter(({ group }) => group === name);
        const group = wave.groups.find((each) => each.name === name);
        const moved = members.filter(({ state }) => state === "moved").length;
        return (
          <section key={name} className="board-group" aria-label={name}>
            <header>
              <strong>{name}</strong>
              <span className="quiet">
                {moved} of {members.length}
              </span>
            </header>
            <div className="quiet board-after">
              {group?.after?.length ? `after ${group.after.join(", ")}` : ""}
              {group?.pause_seconds ? ` · pause ${duration(group.pause_seconds)}` : ""}
            </div>
            {members.map((member) => (
              <div
                key={member.position}
                className="board-card"
                data-tone={member.state === "waiting" ? "idle" : toneOf(member.state)}
              >
                <span className="state-mark" data-pulses={member.state === "running" || undefined} />
                {member.started_at ? (
                  <Link to="/migrations/$id" params={{ id: member.migration_id }}>
                    {member.vm}
                  </Link>
                ) : (
                  <span>{member.vm}</span>
                )}
                <span className="quiet">
                  {member.state === "running" ? `${Math.round(member.progress)} %` : member.state}
                </span>
                {member.state === "running" ? <i style={{ width: `${member.progress}%` }} /> : undefined}
              </div>
            ))}
          </section>
        );
      })}
    </div>
  );
}
