/** The report on probabilities: how far they are to be trusted, and what `minScore` does. */
import type { Calibration } from '../calibration.js';
import { DocsiftError } from '../errors.js';
import { markdownTable } from './markdown.js';
import { fitCalibration, type Labelled } from './platt.js';
import {
  expectedCalibrationError,
  type ReliabilityBin,
  reliability,
  type Threshold,
  type Told,
  thresholdOf,
} from './reliability.js';
import { CALIBRATED, type CalibratedStage, SHOWN, type ShownQuery, type ShownSet } from './shown.js';
import { align } from './table.js';

const THRESHOLDS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5];

/** Of the first documents that were shown for the queries of a set; documents without a grade are not relevant. */
export interface Trust {
  name: string;
  queries: number;
  results: number;
  /** Means over the results: the probability told, the share that help (grade 1 and above), and that answer (2 and above). */
  told: number;
  helping: number;
  answering: number;
  /** The expected calibration error, with what helps and with what answers taken for relevant. */
  errorHelping: number;
  errorAnswering: number;
}

export interface StageCalibration {
  stage: CalibratedStage;
  /** Of each set, and of all; this and what follows is empty where the model has no calibration. */
  trust: Trust[];
  /** Of all documents at each rank from 1, and then by the probability told, with what helps taken for relevant. */
  ranks: Pick<Trust, 'told' | 'helping'>[];
  bins: ReliabilityBin[];
  thresholds: Threshold[];
  /** Queries of other sets that were asked. */
  foreign: number;
  /** Fitted to what was shown here, with what helps taken for relevant; absent where none can be. */
  fitted: Calibration | undefined;
}

export type CalibrationReport = StageCalibration[];

export function toCalibrationReport(sets: readonly ShownSet[]): CalibrationReport {
  return CALIBRATED.flatMap((stage) => {
    const own = sets.flatMap((set) => set.own);
    const foreign = sets.flatMap((set) => set.foreign);
    // With `rerank` off there is no such stage.
    if (own.every(({ hits }) => hits[stage].length === 0)) return [];
    const all = sets.length > 1 ? [{ name: 'all', own }] : [];
    const fitted = fittedTo(own, stage);
    const hasScores = own.every(({ hits }) => hits[stage].every(({ score }) => score !== undefined));
    if (!hasScores)
      return { stage, trust: [], ranks: [], bins: [], thresholds: [], foreign: foreign.length, fitted };
    const told = toldOf(own, stage, 1);
    return {
      stage,
      trust: [...sets, ...all].map(({ name, own }) => trustOf(name, own, stage)),
      ranks: Array.from({ length: SHOWN }, (_, i) => ranksOf(own, stage, i)),
      bins: reliability(told),
      thresholds: THRESHOLDS.map((at) => thresholdOf(at, bestOf(own, stage), bestOf(foreign, stage), told)),
      foreign: foreign.length,
      fitted,
    };
  });
}

/**
 * What a calibration is fitted to: the first documents shown, since it has to hold of those. One without a grade is taken
 * not to be relevant.
 *
 * @param relevantFrom the least grade of a relevant document
 */
export function examplesOf(
  queries: readonly ShownQuery[],
  stage: CalibratedStage,
  relevantFrom: number,
): Labelled[] {
  return queries
    .flatMap(({ hits }) => hits[stage])
    .map(({ final, grade = 0 }) => ({ final, relevant: grade >= relevantFrom }));
}

function fittedTo(own: readonly ShownQuery[], stage: CalibratedStage): Calibration | undefined {
  try {
    return fitCalibration(examplesOf(own, stage, 1));
  } catch (thrown) {
    if (DocsiftError.from(thrown).code === 'invalid_input') return undefined;
    throw thrown;
  }
}

function trustOf(name: string, own: readonly ShownQuery[], stage: CalibratedStage): Trust {
  const [helping, answering] = [toldOf(own, stage, 1), toldOf(own, stage, 2)];
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return {
    name,
    queries: own.length,
    results: helping.length,
    told: mean(helping.map(({ score }) => score)),
    helping: mean(helping.map(({ relevant }) => Number(relevant))),
    answering: mean(answering.map(({ relevant }) => Number(relevant))),
    errorHelping: expectedCalibrationError(helping),
    errorAnswering: expectedCalibrationError(answering),
  };
}

function ranksOf(
  own: readonly ShownQuery[],
  stage: CalibratedStage,
  at: number,
): Pick<Trust, 'told' | 'helping'> {
  const there = own.map(({ id, hits }) => ({
    id,
    hits: { ...hits, [stage]: hits[stage].slice(at, at + 1) },
  }));
  const { told, helping } = trustOf('', there, stage);
  return { told, helping };
}

function toldOf(queries: readonly ShownQuery[], stage: CalibratedStage, relevantFrom: number): Told[] {
  return queries
    .flatMap(({ hits }) => hits[stage])
    .map((hit) => ({ score: hit.score ?? 0, relevant: (hit.grade ?? 0) >= relevantFrom }));
}

function bestOf(queries: readonly ShownQuery[], stage: CalibratedStage): number[] {
  return queries.map(({ hits }) => hits[stage][0]?.score ?? 0);
}

interface Part {
  title: string;
  rows?: string[][];
  note?: string;
}

export function calibrationToText(report: CalibrationReport): string {
  return report
    .flatMap(partsOf)
    .map(({ title, rows, note }) =>
      [title, ...(rows ? [align(rows)] : []), ...(note ? [note] : [])].join('\n'),
    )
    .join('\n\n');
}

export function calibrationToMarkdown(report: CalibrationReport): string {
  const parts = report
    .flatMap(partsOf)
    .map(({ title, rows, note }) =>
      [`## ${title}`, ...(rows ? [markdownTable(rows)] : []), ...(note ? [note] : [])].join('\n\n'),
    );
  return `${parts.join('\n\n')}\n`;
}

function partsOf({ stage, trust, ranks, bins, thresholds, foreign, fitted }: StageCalibration): Part[] {
  const number = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(3));
  const note =
    fitted && `Fitted to these: slope ${fitted.slope.toFixed(4)}, intercept ${fitted.intercept.toFixed(4)}`;
  if (trust.length === 0) return [{ title: `${stage}: the model has no calibration`, ...(note && { note }) }];
  return [
    {
      title: `${stage}: the probability of the first ${SHOWN} documents`,
      rows: [
        ['set', 'queries', 'documents', 'told', 'help', 'error', 'answer', 'error to that'],
        ...trust.map(({ name, queries, results, ...each }) => [
          name,
          String(queries),
          String(results),
          ...[each.told, each.helping, each.errorHelping, each.answering, each.errorAnswering].map(number),
        ]),
      ],
      ...(note && { note }),
    },
    {
      title: `${stage}: told, and what helps, by rank`,
      rows: [
        ['rank', 'told', 'help'],
        ...ranks.map(({ told, helping }, i) => [String(i + 1), number(told), number(helping)]),
      ],
    },
    {
      title: `${stage}: told, and what helps, by probability`,
      rows: [
        ['up to', 'documents', 'told', 'help'],
        ...bins.map(({ to, results, told, relevant }) => [
          number(to),
          String(results),
          ...[told, relevant].map((value) => (results > 0 ? number(value) : '–')),
        ]),
      ],
    },
    {
      title: `${stage}: minScore, with ${foreign} queries that have no answer`,
      rows: [
        ['minScore', 'precision', 'recall', 'answered, and told not', 'helping left out', 'others left out'],
        ...thresholds.map(({ minScore, precision, recall, lost, relevantLeftOut, othersLeftOut }) => [
          String(minScore),
          ...[precision, recall, lost, relevantLeftOut, othersLeftOut].map(number),
        ]),
      ],
    },
  ];
}
