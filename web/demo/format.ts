/** Numbers as the page writes them. */
const whole = new Intl.NumberFormat('en');
const oneDecimal = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(Math.round(value));

export const megabytes = (bytes: number): string => `${oneDecimal.format(bytes / 1e6)} MB`;

export function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${count(milliseconds)} ms` : `${oneDecimal.format(milliseconds / 1000)} s`;
}

/** A score, or a dash for the one that was not computed. */
export const score = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '–';

/** How far something moved up (▲) or down (▼) the list. */
export function move(from: number, to: number): string {
  if (from === to) return '=';
  return from > to ? `▲${from - to}` : `▼${to - from}`;
}
