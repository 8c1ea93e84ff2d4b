import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { bytes, time } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { save } from "../../parts/download.ts";
import { Icon } from "../../parts/icons.tsx";
import { Facts, Panel } from "../../parts/panel.tsx";
import { Failed, Loading } from "../../parts/states.tsx";

type Certificate = Schemas["Certificate"];

/** The proof of a move: what was compared, and that it can be compared again. */
export function CertificatePanel({ id }: { readonly id: string }) {
  const query = useQuery({
    queryKey: ["certificate", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/migrations/{id}/certificate", { params: { path: { id } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const mayVerify = useMay("certificates:verify");
  const verify = useMutation({
    mutationFn: (certificate: Certificate) => answer(api.POST("/v1/certificates/verify", { body: certificate })),
  });
  if (query.isPending) return <Loading rows={4} label="Reading the certificate" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  // The client's mapped types take pairs of numbers for lists.
  const certificate = query.data as Certificate;
  return (
    <Panel
      title={
        <span className="wrap">
          <Icon name="certificate" size={16} />
          Certificate
        </span>
      }
      aside={
        <>
          {mayVerify ? (
            <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate(certificate)}>
              Compare again
            </Button>
          ) : undefined}
          <Button
            variant="default"
            leftSection={<Icon name="download" size={14} />}
            onClick={() =>
              save(
                `certificate-${certificate.certificate_id}.json`,
                new Blob([JSON.stringify(certificate, undefined, 2)], { type: "application/json" }),
              )
            }
          >
            JSON
          </Button>
        </>
      }
    >
      <div className="stack">
        <div className="verdict" data-tone={certificate.identical ? "good" : "bad"}>
          <Icon name={certificate.identical ? "check" : "warning"} size={18} />
          <strong>{certificate.identical ? "Source and target are identical" : "Source and target differ"}</strong>
          <span className="quiet">
            proven {time(certificate.proven_at)} UTC{certificate.simulated ? ", at a simulated site" : ""}
          </span>
        </div>
        {verify.isSuccess ? (
          <div className="verdict" role="status" data-tone={verify.data.identical ? "good" : "bad"}>
            <Icon name={verify.data.identical ? "check" : "warning"} size={18} />
            {verify.data.identical ? "Read again just now: identical" : "Read again just now: it differs"}
          </div>
        ) : undefined}
        {verify.isError ? <Failed error={verify.error} /> : undefined}
        <Facts
          items={[
            [
              "Shows",
              `${time(certificate.point_taken_at)} UTC${certificate.consistency ? `, ${certificate.consistency.level}` : ""}`,
            ],
            [
              "Boot",
              certificate.boot.proven
                ? `proven: ${certificate.boot.evidence ?? ""}`
                : (certificate.boot.reason ?? "not proven"),
            ],
            [
              "Plan's hash",
              <span key="hash" className="mono">
                {certificate.plan_hash}
              </span>,
            ],
          ]}
        />
        <DataTable
          label="Certified disks"
          columns={columns}
          rows={certificate.disks}
          rowKey={({ disk_id: disk }) => disk}
          maxHeight={240}
        />
      </div>
    </Panel>
  );
}

type Disk = Certificate["disks"][number];
const columns: readonly Column<Disk>[] = [
  { id: "disk", head: "Disk", width: 100, cell: ({ disk_id: id }) => <strong>{id}</strong> },
  { id: "level", head: "Proof", width: 160, cell: ({ level }) => level },
  { id: "read", head: "Read back", width: 96, align: "right", cell: ({ bytes_reread: read }) => bytes(read) },
  { id: "size", head: "Size", width: 90, align: "right", cell: ({ size_bytes: size }) => bytes(size) },
  {
    id: "hash",
    head: "Root hash",
    width: 300,
    grows: true,
    cell: ({ root_hash: root }) => <span className="mono quiet">{root}</span>,
  },
];
