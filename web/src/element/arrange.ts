/** Where items go when a better order arrives while one of them is being pointed at. Pure. */

/**
 * The order to show. While an item is held, neither it nor anything above it moves, so that it stays under the pointer
 * whatever the heights; the new order fills the places below.
 *
 * @param shown ids in the order on the screen
 * @param next ids in the new order
 * @param held place of the held item in `shown`; `undefined` when nothing is held
 */
export function arrange(
  shown: readonly string[],
  next: readonly string[],
  held: number | undefined,
): string[] {
  if (held === undefined) return [...next];
  const kept = shown.slice(0, held + 1);
  const room = Math.max(0, next.length - kept.length);
  return [...kept, ...next.filter((id) => !kept.includes(id)).slice(0, room)];
}
