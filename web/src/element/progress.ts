/** Adds up what is on its way. Pure. */
import type { Progress } from '../options.js';

export interface Total {
  stage: Progress['stage'];
  loaded: number;
  /** 0 where it is not known. */
  total: number;
}

/** Downloads of several files, then the articles being read: one number for what is being waited for. */
export class ProgressSum {
  readonly #files = new Map<string, { loaded: number; total: number }>();
  #embedding: Total | undefined;

  add({ stage, loaded, total, file = '' }: Progress): void {
    if (stage === 'embed') this.#embedding = { stage, loaded, total };
    else this.#files.set(file, { loaded, total });
  }

  /** What is not finished; `undefined` when all is. Downloads come first: the rest waits for them. */
  current(): Total | undefined {
    const files = [...this.#files.values()];
    const loaded = files.reduce((sum, file) => sum + file.loaded, 0);
    const total = files.some((file) => file.total === 0)
      ? 0
      : files.reduce((sum, file) => sum + file.total, 0);
    if (files.some((file) => file.total === 0 || file.loaded < file.total))
      return { stage: 'download', loaded, total };
    const embedding = this.#embedding;
    return embedding && embedding.loaded < embedding.total ? embedding : undefined;
  }
}

const BYTES_PER_MEGABYTE = 1_000_000;

/** How much of how much, in the language's numbers: megabytes of downloads, passages of articles. */
export function amountsOf({ stage, loaded, total }: Total, tag: string): string {
  const unit = {
    style: 'unit',
    unit: 'megabyte',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  } as const;
  const [format, scale] =
    stage === 'embed'
      ? [new Intl.NumberFormat(tag), 1]
      : [new Intl.NumberFormat(tag, unit), BYTES_PER_MEGABYTE];
  const done = format.format(loaded / scale);
  return total > 0 ? `${done} / ${format.format(total / scale)}` : done;
}
