/** The instruments: judge docsift, or any other ranking, on judged queries. For Node. */
export { type Baseline, compare, type Fall, readBaseline, toBaseline } from './baseline.js';
export {
  type CalibrationReport,
  calibrationToMarkdown,
  examplesOf,
  toCalibrationReport,
} from './calibration.js';
export { toChart } from './chart.js';
export { type Dataset, findPairs, type JudgedQuery, readDataset } from './dataset.js';
export { evaluate, type SetResult } from './evaluate.js';
export { FAILURES, type Failure } from './failures.js';
export {
  type Candidates,
  compareLogits,
  type Fidelity,
  readLogits,
  scoreWith,
  toCandidates,
  toPairs,
} from './fidelity.js';
export { type KeptResults, main, type Surroundings } from './main.js';
export { toMarkdown } from './markdown.js';
export { hit, ndcg, precision, recall, reciprocalRank, wrong } from './metrics.js';
export { judge, METRICS, type Metric, measure, type Outcome, STAGES, type StageName } from './outcome.js';
export { comparePeers, type PeerRanking, type PeerReport } from './peers.js';
export { fitCalibration, type Labelled } from './platt.js';
export {
  expectedCalibrationError,
  type ReliabilityBin,
  reliability,
  type Threshold,
  type Told,
  thresholdOf,
} from './reliability.js';
export { type Group, type Report, toReport } from './report.js';
export {
  CALIBRATED,
  type CalibratedStage,
  type ShownHit,
  type ShownQuery,
  type ShownSet,
  showSet,
} from './shown.js';
export { type Estimate, estimate, estimateOverGroups, mean, percentile, spearman } from './statistics.js';
export { type SweepRow, toSweep } from './sweep.js';
export { type Asked, ask, openSystem, retrieveAll, type System, type SystemOptions } from './system.js';
export { align, toTable } from './table.js';
