/**
 * Just enough of the GGUF format (ggml docs/gguf.md, version 3) to make altered copies of a model: where each metadata
 * value and each tensor lies.
 */

/** ggml types → values and bytes of one block. */
const TYPES = new Map([
  [0, { name: 'F32', values: 1, bytes: 4 }],
  [1, { name: 'F16', values: 1, bytes: 2 }],
  [6, { name: 'Q5_0', values: 32, bytes: 22 }],
  [7, { name: 'Q5_1', values: 32, bytes: 24 }],
  [8, { name: 'Q8_0', values: 32, bytes: 34 }],
]);

const STRING = 8;
const ARRAY = 9;
/** Metadata types of fixed length → bytes. */
const LENGTHS = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
const DEFAULT_ALIGNMENT = 32;

/** A range of the file's bytes. @typedef {{ start: number, length: number }} Range */
/** A tensor; `columns` is the length of a row. @typedef {Range & { type: string, rows: number, columns: number }} Tensor */

/**
 * @param {Buffer} file
 * @returns {{ metadata: Map<string, Range>, tensors: Map<string, Tensor> }} string values without their length
 */
export function readGguf(file) {
  let at = 0;
  const u32 = () => {
    at += 4;
    return file.readUInt32LE(at - 4);
  };
  const u64 = () => {
    at += 8;
    return Number(file.readBigUInt64LE(at - 8));
  };
  const skipString = () => {
    const length = u64();
    at += length;
    return { start: at - length, length };
  };
  const string = () => {
    const { start, length } = skipString();
    return file.toString('utf8', start, start + length);
  };
  /** @param {number} type @returns {Range} */
  const value = (type) => {
    if (type === STRING) return skipString();
    const start = at;
    if (type === ARRAY) {
      const [of, count] = [u32(), u64()];
      for (let i = 0; i < count; i += 1) value(of);
    } else {
      const length = LENGTHS.get(type);
      if (length === undefined) throw new Error(`metadata of type ${type}`);
      at += length;
    }
    return { start, length: at - start };
  };

  if (file.toString('latin1', 0, 4) !== 'GGUF') throw new Error('not a GGUF file');
  at = 8;
  const [tensorCount, metadataCount] = [u64(), u64()];
  const metadata = new Map();
  for (let i = 0; i < metadataCount; i += 1) metadata.set(string(), value(u32()));
  const infos = Array.from({ length: tensorCount }, () => {
    const name = string();
    const shape = Array.from({ length: u32() }, u64);
    return { name, shape, type: u32(), offset: u64() };
  });
  const alignment = metadata.has('general.alignment')
    ? file.readUInt32LE(metadata.get('general.alignment').start)
    : DEFAULT_ALIGNMENT;
  const data = Math.ceil(at / alignment) * alignment;
  const tensors = infos.map(({ name, shape: [columns, rows = 1], type, offset }) => {
    const block = TYPES.get(type);
    if (!block) throw new Error(`${name} is of type ${type}`);
    const length = ((columns * rows) / block.values) * block.bytes;
    return [name, { start: data + offset, length, type: block.name, rows, columns }];
  });
  return { metadata, tensors: new Map(tensors) };
}
