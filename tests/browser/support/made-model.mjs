/** The small model whose weights are made by the reader: see "bert-4x312" in tests/golden/README.md. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../scripts/steps.mjs';

/** @returns {Buffer} a safetensors file in F32 */
export function makeBert4x312() {
  const file = path.join(ROOT, 'tests/golden/models/bert-4x312/tensors.json');
  const { tensors, sha256 } = JSON.parse(readFileSync(file, 'utf8'));
  /** @type {Record<string, { dtype: 'F32', shape: number[], data_offsets: [number, number] }>} */
  const header = {};
  /** @type {Buffer[]} */
  const values = [];
  let end = 0;
  for (const { name, shape, scale, offset } of tensors) {
    const bytes = valuesOf(name, shape, scale, offset);
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
    values.push(bytes);
  }
  const data = Buffer.concat(values);
  const found = createHash('sha256').update(data).digest('hex');
  if (found !== sha256) throw new Error(`bert-4x312: expected sha256 ${sha256}, made ${found}`);
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

/**
 * @param {string} name
 * @param {number[]} shape
 * @param {number} scale
 * @param {number} offset
 */
function valuesOf(name, shape, scale, offset) {
  const { fround, imul } = Math;
  let seed = 0x811c9dc5;
  for (const byte of Buffer.from(name)) seed = imul(seed ^ byte, 0x01000193);
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let i = 0; i < values.length; i += 1) {
    let x = (seed + imul(i, 0x9e3779b9)) >>> 0;
    x = imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
    x = imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
    x = (x ^ (x >>> 16)) >>> 0;
    const unit = fround(fround((x >>> 8) / 2 ** 23) - 1);
    values[i] = fround(fround(unit * fround(scale)) + fround(offset));
  }
  return Buffer.from(values.buffer);
}
