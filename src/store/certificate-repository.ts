import type { Kysely } from "kysely";
import type { Certificate } from "../domain/certificate.ts";
import { toJson } from "./json.ts";
import type { Database } from "./schema.ts";

export class CertificateRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing: a certificate is never rewritten. */
  async insert(certificate: Certificate): Promise<void> {
    await this.#db
      .insertInto("certificates")
      .values({
        certificate_id: certificate.certificateId,
        migration_id: certificate.migrationId,
        body: toJson(certificate),
      })
      .onConflict((conflict) => conflict.column("certificate_id").doNothing())
      .execute();
  }

  async get(certificateId: string): Promise<Certificate | undefined> {
    const row = await this.#db
      .selectFrom("certificates")
      .select("body")
      .where("certificate_id", "=", certificateId)
      .executeTakeFirst();
    return row?.body;
  }
}
