/** The picture of who moved where: a line for each passage, from its place before reranking to its place after. */
import type { TraceCandidate } from 'docsift';

const SVG = 'http://www.w3.org/2000/svg';
/** Heights and widths in the picture's own units. */
const ROW = 16;
const WIDTH = 720;
const LEFT = 30;
const RIGHT = 330;
const TITLE_LENGTH = 56;

/** Fills `picture` with the passages in the order given, which is that of their final places. */
export function drawMoves(picture: SVGSVGElement, candidates: readonly TraceCandidate[]): void {
  picture.setAttribute('viewBox', `0 0 ${WIDTH} ${candidates.length * ROW + ROW / 2}`);
  const retrieved = [...candidates].sort((a, b) => a.retrievalRank - b.retrievalRank);
  picture.replaceChildren(
    ...retrieved.map(({ retrievalRank }) =>
      text(LEFT - 8, height(retrievalRank), String(retrievalRank), 'from'),
    ),
    ...candidates.flatMap((candidate) => [line(candidate), label(candidate)]),
  );
}

function line({ rank, retrievalRank, scores, title }: TraceCandidate): SVGElement {
  const [from, to] = [height(retrievalRank), height(rank)];
  const middle = (LEFT + RIGHT) / 2;
  const path = shape('path', {
    class:
      scores.cross === undefined
        ? 'unread'
        : rank < retrievalRank
          ? 'up'
          : rank > retrievalRank
            ? 'down'
            : '',
    d: `M ${LEFT} ${from} C ${middle} ${from}, ${middle} ${to}, ${RIGHT} ${to}`,
  });
  const name = shape('title', {});
  name.textContent = `${title}: from ${retrievalRank} to ${rank}`;
  path.append(name);
  return path;
}

function label({ rank, title, passage: { heading } }: TraceCandidate): SVGElement {
  const full = heading ? `${title} › ${heading.split(' > ').pop()}` : title;
  const short = full.length > TITLE_LENGTH ? `${full.slice(0, TITLE_LENGTH - 1)}…` : full;
  return text(RIGHT + 8, height(rank), `${rank}  ${short}`, 'to');
}

/** The middle of a row. */
function height(rank: number): number {
  return (rank - 0.5) * ROW;
}

function text(x: number, y: number, content: string, name: string): SVGElement {
  const element = shape('text', { x: String(x), y: String(y), class: name });
  element.textContent = content;
  return element;
}

function shape(name: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
