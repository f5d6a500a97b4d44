/** Where a hit leads. Pure. */

/**
 * The absolute address of `url`, with `anchor` as its fragment; `undefined` for anything but http and https, so that no
 * document can bring a `javascript:` or `data:` link into the page.
 *
 * @param base what relative addresses are relative to
 */
export function safeHref(
  url: unknown,
  anchor: string | undefined,
  base: string | undefined,
): string | undefined {
  if (typeof url !== 'string' || url === '') return undefined;
  try {
    const address = new URL(url, base);
    if (address.protocol !== 'https:' && address.protocol !== 'http:') return undefined;
    if (anchor) address.hash = anchor;
    return address.href;
  } catch {
    return undefined;
  }
}
