/** Web Locks of one browser, as far as they are used. */
export function installLocks(): void {
  const tails = new Map<string, Promise<unknown>>();
  const locks = {
    request<T>(name: string, { signal }: { signal: AbortSignal }, work: () => Promise<T>): Promise<T> {
      const before = tails.get(name) ?? Promise.resolve();
      const held = new Promise<T>((resolve, reject) => {
        const abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort);
        before.then(() => {
          signal.removeEventListener('abort', abort);
          if (!signal.aborted) resolve(work());
        });
      });
      tails.set(
        name,
        held.catch(() => {}),
      );
      return held;
    },
  };
  setNavigator({ locks });
}

/** In place of Node's own; without a value there is none. */
export function setNavigator(value?: object): void {
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
}
