/** A bar chart of one workload's medians, as SVG. */

const WIDTH = 760;
const LABELS = 300;
const VALUES = 80;
const BAR = 20;
const GAP = 6;
const TITLE = 44;
const HEADING = 30;
const FOOT = 14;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .group { font-weight: 600 }
  .bar { fill: #8c959f }
  .docsift { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #6e7681 }
    .docsift { fill: #4493f8 }
  }`;

/**
 * @param {import('./results.mjs').Row[]} rows
 * @param {import('./workloads.mjs').Workload} workload
 * @returns {string}
 */
export function toChart(rows, workload) {
  const ofWorkload = rows
    .filter((row) => row.workload === workload.id)
    .sort((a, b) => a.median_ms - b.median_ms);
  const groups = [
    { name: 'One thread', rows: ofWorkload.filter(({ threads }) => threads === 1) },
    { name: 'Two', rows: ofWorkload.filter(({ threads }) => threads === 2) },
  ].filter((group) => group.rows.length > 0);
  const longest = Math.max(...ofWorkload.map((row) => row.median_ms));
  const scale = (WIDTH - LABELS - VALUES) / longest;

  const parts = [
    `<text class="title" x="0" y="20">${escaped(`${workload.id}: ${workload.title}, seconds`)}</text>`,
  ];
  let y = TITLE;
  for (const group of groups) {
    parts.push(`<text class="group" x="0" y="${y + 14}">${escaped(group.name)}</text>`);
    y += HEADING;
    for (const row of group.rows) {
      const width = Math.max(1, row.median_ms * scale).toFixed(1);
      const style = row.engine.startsWith('docsift') ? 'bar docsift' : 'bar';
      parts.push(
        `<text x="${LABELS - 10}" y="${y + 15}" text-anchor="end">${escaped(label(row))}</text>`,
        `<rect class="${style}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2"/>`,
        `<text x="${LABELS + Number(width) + 6}" y="${y + 15}">${(row.median_ms / 1000).toFixed(2)}</text>`,
      );
      y += BAR + GAP;
    }
  }
  const height = y + FOOT;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>${escaped(`Time of each engine for ${workload.title}`)}</title>
<style>${STYLE}
</style>
${parts.join('\n')}
</svg>
`;
}

/** @param {import('./results.mjs').Row} row */
function label({ engine, dtype, threads, isolated }) {
  const parallel = isolated ? `, ${threads} threads, COOP/COEP` : threads > 1 ? `, ${threads} workers` : '';
  return `${engine.replace('@huggingface/', '')} ${dtype}${parallel}`;
}

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
