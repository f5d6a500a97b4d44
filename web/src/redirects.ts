/** Where the request for a file may be led. */

/**
 * A file of the page's own origin comes from the address it was asked for, or not at all: where a redirect leads cannot be
 * seen before it is followed, and a request must not leave the origin unless the page was set up so. A file of another
 * origin was named by the page, and may be passed on from there.
 */
export function redirectOf(url: string): RequestRedirect {
  const { location } = globalThis;
  return location && new URL(url, location.href).origin === location.origin ? 'manual' : 'follow';
}

export function isRefusedRedirect(response: Response): boolean {
  return response.type === 'opaqueredirect';
}

export function redirectRefused(url: string): string {
  return `${url}: expected the file, the server redirects to another address; name the file's own address`;
}
