export interface AssessEstateInput {
  readonly assessmentId: string;
  readonly from: string;
  readonly to: string;
}
