export interface AnalyseSavingsResult {
  readonly analysisId: string;
  readonly recommendations: number;
}
