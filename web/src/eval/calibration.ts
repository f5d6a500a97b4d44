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
import { mean } from './statistics.js';
import { align } from './table.js';

const LEFT_OUT = ['answering left out', 'helping left out', 'others left out'];
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
  /** Of all sets, the documents at each rank from 1. */
  ranks: Pick<Trust, 'told' | 'helping' | 'answering'>[];
  /** The same by the probability told: the share that is relevant where what helps is taken for it, or what answers. */
  helping: ReliabilityBin[];
  answering: ReliabilityBin[];
  /** With what helps taken for relevant, and the share of what answers that is left out. */
  thresholds: (Threshold & { answeringLeftOut: number | undefined })[];
  /** Queries of other sets that were asked. */
  foreign: number;
  /** Fitted to what was shown here and answers, or helps where nothing has a grade of 2; absent where none can be. */
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
      return {
        stage,
        trust: [],
        ranks: [],
        helping: [],
        answering: [],
        thresholds: [],
        foreign: foreign.length,
        fitted,
      };
    const [helping, answering] = [toldOf(own, stage, 1), toldOf(own, stage, 2)];
    const best = [bestOf(own, stage), bestOf(foreign, stage)] as const;
    return {
      stage,
      trust: [...sets, ...all].map(({ name, own }) => trustOf(name, own, stage)),
      ranks: Array.from({ length: SHOWN }, (_, i) => ranksOf(own, stage, i)),
      helping: reliability(helping),
      answering: reliability(answering),
      thresholds: THRESHOLDS.map((at) => ({
        ...thresholdOf(at, ...best, helping),
        answeringLeftOut: thresholdOf(at, ...best, answering).relevantLeftOut,
      })),
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
  const graded = own.some(({ hits }) => hits[stage].some(({ grade = 0 }) => grade >= 2));
  try {
    return fitCalibration(examplesOf(own, stage, graded ? 2 : 1));
  } catch (thrown) {
    if (DocsiftError.from(thrown).code === 'invalid_input') return undefined;
    throw thrown;
  }
}

function trustOf(name: string, own: readonly ShownQuery[], stage: CalibratedStage): Trust {
  const [helping, answering] = [toldOf(own, stage, 1), toldOf(own, stage, 2)];
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
): StageCalibration['ranks'][number] {
  const there = own.map(({ id, hits }) => ({
    id,
    hits: { ...hits, [stage]: hits[stage].slice(at, at + 1) },
  }));
  const { told, helping, answering } = trustOf('', there, stage);
  return { told, helping, answering };
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

function partsOf({
  stage,
  trust,
  ranks,
  helping,
  answering,
  thresholds,
  foreign,
  fitted,
}: StageCalibration): Part[] {
  const number = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(3));
  const note =
    fitted && `Fitted to these: slope ${fitted.slope.toFixed(4)}, intercept ${fitted.intercept.toFixed(4)}`;
  if (trust.length === 0) return [{ title: `${stage}: the model has no calibration`, ...(note && { note }) }];
  return [
    {
      title: `${stage}: the probability of the first ${SHOWN} documents`,
      rows: [
        ['set', 'queries', 'documents', 'told', 'answer', 'error', 'help', 'error to that'],
        ...trust.map(({ name, queries, results, ...each }) => [
          name,
          String(queries),
          String(results),
          ...[each.told, each.answering, each.errorAnswering, each.helping, each.errorHelping].map(number),
        ]),
      ],
      ...(note && { note }),
    },
    {
      title: `${stage}: told, and what answers or helps, by rank`,
      rows: [
        ['rank', 'told', 'answer', 'help'],
        ...ranks.map((each, i) => [String(i + 1), ...[each.told, each.answering, each.helping].map(number)]),
      ],
    },
    {
      title: `${stage}: told, and what answers or helps, by probability`,
      rows: [
        ['up to', 'documents', 'told', 'answer', 'help'],
        ...helping.map(({ to, results, told, relevant }, i) => [
          number(to),
          String(results),
          ...[told, answering[i]?.relevant, relevant].map((value) => (results > 0 ? number(value) : '–')),
        ]),
      ],
    },
    {
      title: `${stage}: minScore, with ${foreign} queries that have no answer`,
      rows: [
        ['minScore', 'precision', 'recall', 'answered, but not told', ...LEFT_OUT],
        ...thresholds.map(({ minScore, precision, recall, lost, ...leftOut }) => [
          String(minScore),
          ...[precision, recall, lost].map(number),
          ...[leftOut.answeringLeftOut, leftOut.relevantLeftOut, leftOut.othersLeftOut].map(number),
        ]),
      ],
    },
  ];
}
