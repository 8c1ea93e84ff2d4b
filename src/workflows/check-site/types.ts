export interface CheckSiteInput {
  readonly site: string;
}
