/** A report as a bar chart in SVG: nDCG@10 of every stage, with its 95 % interval. */
import { STAGES, type StageName } from './outcome.js';
import type { Group, Report } from './report.js';

const WIDTH = 760;
const LABELS = 110;
const VALUES = 60;
const BAR = 16;
const GAP = 4;
const HEADING = 28;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .group { font-weight: 600 }
  .bar { fill: #8c959f }
  .last { fill: #0969da }
  .interval { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #6e7681 }
    .last { fill: #4493f8 }
    .interval { stroke: #e6edf3 }
  }`;

export function toChart({ pooled, sets }: Report): string {
  const each = sets.each.length > 1 ? sets.each.map((set): [string, Group] => [set.name, set]) : [];
  const groups: [string, Group][] = [['All queries', pooled], ...each];
  const scale = WIDTH - LABELS - VALUES;
  const parts = ['<text class="title" x="0" y="18">nDCG@10 by stage, with 95 % intervals</text>'];
  let y = 30;
  for (const [name, { queries, stages }] of groups) {
    parts.push(`<text class="group" x="0" y="${y + 18}">${escaped(name)}, ${queries} queries</text>`);
    y += HEADING;
    const last = [...STAGES].reverse().find((stage) => stages[stage]);
    for (const stage of STAGES) {
      const estimate = stages[stage]?.['ndcg@10'];
      if (!estimate) continue;
      const x = (value: number) => (LABELS + value * scale).toFixed(1);
      const middle = y + BAR / 2;
      parts.push(
        `<text x="${LABELS - 8}" y="${y + 13}" text-anchor="end">${stage satisfies StageName}</text>`,
        `<rect class="bar${stage === last ? ' last' : ''}" x="${LABELS}" y="${y}" width="${(estimate.mean * scale).toFixed(1)}" height="${BAR}" rx="2"/>`,
        `<line class="interval" x1="${x(estimate.low)}" x2="${x(estimate.high)}" y1="${middle}" y2="${middle}"/>`,
        `<text x="${WIDTH - VALUES + 16}" y="${y + 13}">${estimate.mean.toFixed(3)}</text>`,
      );
      y += BAR + GAP;
    }
  }
  const height = y + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>nDCG@10 of every stage of the search</title>
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
