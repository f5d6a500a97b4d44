"""Checks GGUF files against the Hugging Face folder they were packed from, with llama.cpp's own Python reader.

    python check_gguf.py --source FOLDER [--embeddings FOLDER] [--words-of FILE] [--calibrated] FILE...

Verifies the architecture, the metadata, the names, shapes and types of all tensors, every dequantized value, and that the
tokens turn back into the source vocabulary, or a part of it with its rows. A file without words is checked against
`--words-of`. The matrices of layers that were packed in fewer than 8 bits by calibration pairs (`--calibrated`) are rounded
for their products and not their values, so that of those only the correlation is checked. Prints one line a file; exits 1
with the differences if there are any.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFReader, PoolingType, TokenType
from gguf.quants import dequantize
from safetensors.torch import load_file

from gguf_files import tensor_name, unmarked

BLOCK = 32
# Of a matrix rounded for its products with its source.
LEAST_CORRELATION = 0.97


def read_tensors(folder):
    """The model's tensors under their GGUF names, f32. A bi-encoder's unused pooler is left out."""
    state = {n: t for n, t in load_file(folder / "model.safetensors").items() if not n.endswith("position_ids")}
    if not any(n.startswith("classifier.") for n in state):
        state = {n: t for n, t in state.items() if not n.startswith("pooler.")}
    return {tensor_name(n): t.to(torch.float32).numpy() for n, t in state.items()}


def read_vocabulary(folder):
    """Tokens by id, from tokenizer.json or vocab.txt."""
    if (folder / "tokenizer.json").exists():
        vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
        return sorted(vocabulary, key=vocabulary.get)
    return (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


def error_bound(values, kind):
    """The most that storing may change each value.

    A Q8_0 block of 32 has the step d = max|x| / 127, stored as f16: rounding to a step costs d / 2, and rounding d itself
    at most 2^-11 of it over 127 steps (2^-25 a step where d is subnormal). Q5_0 and Q4_0 have steps of max|x| / 16 and
    max|x| / 8 towards the sign of the largest value, and one step less towards the other; Q5_1 has 31 from the least value,
    which is stored as f16 too, to the greatest.
    """
    if kind == Kind.F32:
        return np.zeros_like(values)
    if kind == Kind.F16:
        return np.maximum(np.abs(values) * 2.0**-11, 2.0**-25)
    if kind == Kind.Q8_0:
        step = np.abs(values.reshape(-1, BLOCK)).max(axis=1, keepdims=True) / 127
        bound = 0.5 * step + 127 * np.maximum(step * 2.0**-11, 2.0**-25)
        # 1e-6: the reader multiplies in f32.
        return np.broadcast_to(bound * (1 + 1e-6), (bound.size, BLOCK)).reshape(values.shape)
    blocks = values.reshape(-1, BLOCK)
    if kind in (Kind.Q5_0, Kind.Q4_0):
        steps = 16 if kind == Kind.Q5_0 else 8
        step = np.abs(blocks).max(axis=1, keepdims=True) / steps
        rounding = np.maximum(0.5 * step, np.abs(blocks) - (steps - 1) * step)
        return ((rounding + steps * np.maximum(step * 2.0**-11, 2.0**-25)) * (1 + 1e-6)).reshape(values.shape)
    if kind == Kind.Q5_1:
        least = blocks.min(axis=1, keepdims=True)
        step = (blocks.max(axis=1, keepdims=True) - least) / 31
        bound = 0.5 * step + 31 * np.maximum(step * 2.0**-11, 2.0**-25) + np.maximum(np.abs(least) * 2.0**-11, 2.0**-25)
        return np.broadcast_to(bound * (1 + 1e-6), blocks.shape).reshape(values.shape)
    raise ValueError(f"no bound for {kind.name}")


def check_metadata(fields, config, vocabulary, rank):
    """Differences between the metadata and the config, as sentences."""
    special = {token: i for i, token in enumerate(vocabulary) if token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")}
    expected = {
        "general.architecture": "bert",
        "bert.block_count": config["num_hidden_layers"],
        "bert.context_length": config["max_position_embeddings"],
        "bert.embedding_length": config["hidden_size"],
        "bert.feed_forward_length": config["intermediate_size"],
        "bert.attention.head_count": config["num_attention_heads"],
        "bert.attention.layer_norm_epsilon": np.float32(config["layer_norm_eps"]),
        "bert.attention.causal": False,
        "bert.pooling_type": PoolingType.RANK if rank else PoolingType.MEAN,
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.token_type_count": config["type_vocab_size"],
        "tokenizer.ggml.bos_token_id": special["[CLS]"],
        "tokenizer.ggml.eos_token_id": special["[SEP]"],
        "tokenizer.ggml.unknown_token_id": special["[UNK]"],
        "tokenizer.ggml.seperator_token_id": special["[SEP]"],
        "tokenizer.ggml.padding_token_id": special["[PAD]"],
        "tokenizer.ggml.cls_token_id": special["[CLS]"],
        "tokenizer.ggml.mask_token_id": special["[MASK]"],
    }
    found = {key: fields[key].contents() if key in fields else None for key in expected}
    problems = [f"{key}: expected {expected[key]!r}, found {found[key]!r}" for key in expected if found[key] != expected[key]]

    if "tokenizer.ggml.tokens" not in fields:
        strays = sorted(key for key in fields if key.startswith("tokenizer."))
        return [p for p in problems if not p.startswith("tokenizer.")] + [f"{key}: in a file without words" for key in strays]
    tokens = fields["tokenizer.ggml.tokens"].contents()
    wrong = [(i, t) for i, t in enumerate(tokens) if i >= len(vocabulary) or unmarked(t) != vocabulary[i]]
    if wrong or len(tokens) != len(vocabulary):
        problems.append(f"tokens: {len(tokens)} for a vocabulary of {len(vocabulary)}; {len(wrong)} differ, first {wrong[:3]}")
    types = fields["tokenizer.ggml.token_type"].contents()
    controls = {i for i, t in enumerate(types) if t == TokenType.CONTROL}
    if len(types) != len(tokens) or controls != set(special.values()):
        problems.append(f"token_type: control tokens are {sorted(controls)}, expected {sorted(special.values())}")
    return problems


def kept_rows(fields, vocabulary):
    """Which of the source's tokens a file has, in its order; none that it has alone."""
    tokens = [unmarked(t) for t in fields["tokenizer.ggml.tokens"].contents()]
    ids = {token: i for i, token in enumerate(vocabulary)}
    rows = [ids[t] for t in tokens if t in ids]
    return rows if len(rows) == len(tokens) and rows == sorted(rows) else list(range(len(vocabulary)))


def words_hash(reader):
    """The hash of a file's words: tokens, type and shape, bytes."""
    table = next(t for t in reader.tensors if t.name == "token_embd.weight")
    tokens = "".join(unmarked(t) + "\n" for t in reader.fields["tokenizer.ggml.tokens"].contents())
    shape = ", ".join(str(int(n)) for n in reversed(table.shape))
    head = f"{tokens}{table.tensor_type.name} [{shape}]\n"
    return hashlib.sha256(head.encode() + table.data.tobytes()).hexdigest()


def check_tensors(tensors, source, calibrated):
    """Differences between the stored tensors and the source's as sentences, and the largest share of its bound an error uses."""
    found = {t.name: t for t in tensors}
    problems = [f"tensor {n}: missing" for n in source.keys() - found.keys()]
    problems += [f"tensor {n}: not in the source" for n in found.keys() - source.keys()]
    used = 0.0
    for name in sorted(source.keys() & found.keys()):
        tensor, values = found[name], source[name]
        shape = tuple(int(n) for n in reversed(tensor.shape))  # GGUF counts dimensions from the fastest.
        if shape != values.shape:
            problems.append(f"tensor {name}: shape {shape}, expected {values.shape}")
            continue
        if values.ndim == 1 and tensor.tensor_type != Kind.F32:
            problems.append(f"tensor {name}: vectors are stored as F32, found {tensor.tensor_type.name}")
        stored = dequantize(tensor.data, tensor.tensor_type).reshape(values.shape)
        if calibrated and name.startswith("blk.") and tensor.tensor_type in (Kind.Q5_1, Kind.Q5_0, Kind.Q4_0):
            correlation = np.corrcoef(stored.ravel(), values.ravel())[0, 1]
            if not correlation >= LEAST_CORRELATION:
                problems.append(f"tensor {name}: correlation with the source {correlation:.4f}")
            continue
        error, bound = np.abs(stored.astype(np.float64) - values), error_bound(values, tensor.tensor_type)
        if (error > bound).any():
            worst = (error - bound).argmax()
            problems.append(
                f"tensor {name} ({tensor.tensor_type.name}): {(error > bound).sum()} values beyond the bound; value {worst} is "
                f"{stored.flat[worst]!r}, expected {values.flat[worst]!r} ± {bound.flat[worst]:.3g}"
            )
        used = max(used, float((error[bound > 0] / bound[bound > 0]).max(initial=0.0)))
    return problems, used


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--source", type=Path, required=True, help="Hugging Face folder the files were packed from")
    parser.add_argument("--words-of", type=Path, help="file with the words of those that have none")
    parser.add_argument("--embeddings", type=Path, help="folder the word embeddings were taken from, if another")
    parser.add_argument("--calibrated", action="store_true", help="layers were packed by calibration pairs")
    args = parser.parse_args()

    config = json.loads((args.source / "config.json").read_text())
    vocabulary = read_vocabulary(args.source)
    source = read_tensors(args.source)
    if args.embeddings:
        source["token_embd.weight"] = read_tensors(args.embeddings)["token_embd.weight"]
    failed = False
    for path in args.files:
        reader = GGUFReader(path)
        expected, tokens = dict(source), vocabulary
        if "tokenizer.ggml.tokens" in reader.fields:
            rows = kept_rows(reader.fields, vocabulary)
            tokens = [vocabulary[i] for i in rows]
            expected["token_embd.weight"] = source["token_embd.weight"][rows]
        else:
            del expected["token_embd.weight"]
        problems = check_metadata(reader.fields, config, tokens, rank="cls.weight" in source)
        if args.words_of and "tokenizer.ggml.tokens" not in reader.fields:
            needed, found = reader.fields["docsift.words.sha256"].contents(), words_hash(GGUFReader(args.words_of))
            problems += [f"words: expected {needed}, found {found}"] if needed != found else []
        tensor_problems, used = check_tensors(reader.tensors, expected, args.calibrated)
        problems += tensor_problems
        kinds = sorted({t.tensor_type.name for t in reader.tensors})
        print(f"{path}: {len(reader.tensors)} tensors ({', '.join(kinds)}), ", end="")
        print(f"errors up to {used:.0%} of their bound, " + (f"{len(problems)} problems" if problems else "ok"))
        for problem in problems:
            print(f"  {problem}")
        failed |= bool(problems)
    sys.exit(failed)


if __name__ == "__main__":
    main()
