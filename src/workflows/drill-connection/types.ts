export interface DrillConnectionInput {
  readonly connectionId: string;
}
