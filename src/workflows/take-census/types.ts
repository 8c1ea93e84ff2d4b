export interface TakeCensusInput {
  readonly site: string;
}
