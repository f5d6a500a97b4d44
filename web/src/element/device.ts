/** How much of the search a device is asked to carry. Pure. */
import type { Stage } from '../types.js';

/** The parts of `navigator` that tell; browsers that do not tell are taken to afford everything. */
export interface Device {
  connection?: { saveData?: boolean; effectiveType?: string } | undefined;
  /** GiB, rounded by the browser. */
  deviceMemory?: number | undefined;
}

/** Below this, in GiB, the second model is left out. */
const ROOM_FOR_RERANKER = 4;

/**
 * The last stage worth going to: words alone where data is to be saved (no model is downloaded then), no reranking where
 * memory is short.
 */
export function affordableStage(device: Device | undefined): Stage {
  const { saveData = false, effectiveType = '4g' } = device?.connection ?? {};
  if (saveData || effectiveType.endsWith('2g')) return 'lexical';
  return (device?.deviceMemory ?? ROOM_FOR_RERANKER) < ROOM_FOR_RERANKER ? 'hybrid' : 'reranked';
}
