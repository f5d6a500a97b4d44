/** A network that answers from a list, and a Cache API in memory. */
type Answer = Uint8Array<ArrayBuffer> | number | Error | string;

export function fakeNetwork(...answers: Answer[]) {
  const stores = new Map<string, Map<string, ArrayBuffer>>();
  const network = {
    requests: [] as { url: string; cache: RequestCache | undefined }[],
    failPut: false,
    kept: (name: string) => [...(stores.get(name)?.keys() ?? [])],
    fetch: (async (url: string, init?: RequestInit) => {
      network.requests.push({ url, cache: init?.cache });
      const answer = answers.shift();
      if (answer === undefined) throw new TypeError('Failed to fetch');
      if (answer instanceof Error) throw answer;
      return typeof answer === 'number' ? new Response('no', { status: answer }) : new Response(answer);
    }) as typeof fetch,
    sleep: async () => {},
    caches: {
      async open(name: string) {
        const store = stores.get(name) ?? new Map<string, ArrayBuffer>();
        stores.set(name, store);
        return {
          match: async (key: string) => (store.has(key) ? new Response(store.get(key)) : undefined),
          keys: async () => [...store.keys()].map((url) => ({ url })),
          delete: async (key: string) => store.delete(key),
          async put(key: string, response: Response) {
            if (network.failPut) throw new DOMException('full', 'QuotaExceededError');
            store.set(key, await response.arrayBuffer());
          },
        } as unknown as Cache;
      },
    } as CacheStorage,
  };
  return network;
}
