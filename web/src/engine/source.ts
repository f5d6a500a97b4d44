/** Where a model's files are, and their download by a worker. */
import type { EngineClient } from './client.js';
import type { FileSpec, ModelBytes } from './protocol.js';

export interface SourceFile {
  url: string;
  spec: FileSpec;
}

/** A GGUF file, or the files of a Hugging Face folder. */
export interface ModelSource {
  weights: SourceFile;
  config?: SourceFile | undefined;
  tokenizer?: SourceFile | undefined;
  /** The file of an embedder whose words these weights need, having none of their own. */
  words?: SourceFile | undefined;
}

/** Has a worker download the files of a model, one after the other, and hand them over; words only if it lacks them. */
export async function fetchModel(
  client: EngineClient,
  source: ModelSource,
  cache: boolean,
  lacksWords: boolean,
  onProgress: (loaded: number, total: number, file: string) => void,
): Promise<ModelBytes> {
  const get = (file: SourceFile) =>
    client.call(
      'fetch',
      { ...file, cache },
      { onProgress: (loaded, total) => onProgress(loaded, total, nameOf(file)) },
    );
  return {
    config: source.config && (await get(source.config)),
    tokenizer: source.tokenizer && (await get(source.tokenizer)),
    words: lacksWords ? source.words && (await get(source.words)) : undefined,
    weights: await get(source.weights),
  };
}

function nameOf({ url }: SourceFile): string {
  return decodeURIComponent(new URL(url).pathname.split('/').pop() ?? url);
}
