"""Small models of other shapes, with weights made by rule, and their golden outputs.

Each lands in models/<name>/ as the files that a user would hold: config.json, vocab.txt or tokenizer.json, and
model.safetensors or GGUF. The weights of bert-4x312 would take 19 MB: its folder holds tensors.json, by which a reader makes
them (`rule_values`, the same numbers to the bit in any language).
"""

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from safetensors.torch import load_file, save_file
from tokenizers.implementations import BertWordPieceTokenizer
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    ElectraConfig,
    ElectraForSequenceClassification,
)

import gguf_files
from default_models import Encoder, embed, expand, score

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = 300
POSITIONS = 64

BERT = dict(vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, type_vocab_size=2, pad_token_id=0)

# name: (class, config, stored type, tokenizer file). Shapes are chosen to differ where a reader could assume: heads of 64,
# 8, 26, 18 and 24 wide; ELECTRA's embeddings narrower than its layers; epsilons other than 1e-12; rows that no block of 32
# fits.
MODELS = {
    "bert-2x128": (
        BertModel,
        BertConfig(num_hidden_layers=2, hidden_size=128, num_attention_heads=2, intermediate_size=256, layer_norm_eps=1e-5, **BERT),
        torch.float16,
        "tokenizer.json",
    ),
    "bert-12x96": (
        BertForSequenceClassification,
        BertConfig(num_hidden_layers=12, hidden_size=96, num_attention_heads=12, intermediate_size=96, num_labels=1, **BERT),
        torch.bfloat16,
        "vocab.txt",
    ),
    "bert-4x312": (
        BertForSequenceClassification,
        BertConfig(num_hidden_layers=4, hidden_size=312, num_attention_heads=12, intermediate_size=1200, num_labels=1, **BERT),
        None,
        "vocab.txt",
    ),
    "bert-2x72": (
        BertForSequenceClassification,
        BertConfig(num_hidden_layers=2, hidden_size=72, num_attention_heads=4, intermediate_size=80, num_labels=1, **BERT),
        torch.float32,
        "vocab.txt",
    ),
    "electra-3x96": (
        ElectraForSequenceClassification,
        ElectraConfig(
            num_hidden_layers=3, hidden_size=96, embedding_size=48, num_attention_heads=4, intermediate_size=64, num_labels=1, **BERT
        ),
        torch.float32,
        "tokenizer.json",
    ),
}


def rule_values(name, shape, scale, offset):
    """A tensor whose every value follows from its name and the value's place in it.

    `offset + scale × u`, where u in [-1, 1) comes from the top 24 bits of murmur3's finalizer over
    FNV-1a(name) + index × 0x9E3779B9, all in wrapping 32-bit arithmetic; the product and the sum are each rounded to f32.
    """
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    x = np.uint32(seed) + np.arange(int(np.prod(shape)), dtype=np.uint32) * np.uint32(0x9E3779B9)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    unit = (x >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    return torch.from_numpy((unit * np.float32(scale) + np.float32(offset)).reshape(shape))


def rule(name, shape):
    """(scale, offset) of a tensor. Larger than a trained model's initial weights, so that outputs differ between inputs."""
    if "LayerNorm" in name:
        return (0.25, 1.0) if name.endswith("weight") else (0.25, 0.0)
    if name.endswith("bias"):
        return 0.25, 0.0
    if "embeddings" in name and "project" not in name:
        return 1.0, 0.0  # Token types weigh as much as words, so that a reader that ignores them is far off.
    return round(2.25 / shape[-1] ** 0.5, 4), 0.0


def make_weights(model):
    """[{name, shape, scale, offset}] in state-dict order, and the tensors."""
    table, state = [], {}
    for name, parameter in model.named_parameters():
        shape = list(parameter.shape)
        scale, offset = rule(name, shape)
        table.append({"name": name, "shape": shape, "scale": scale, "offset": offset})
        state[name] = rule_values(name, shape, scale, offset)
    return table, state


def make_vocabulary(encoder, texts):
    """The specials and the most frequent wordpieces of the texts; whatever else occurs is [UNK]."""
    pieces = Counter(token for text in texts for token in encoder.tokenizer.encode(text, add_special_tokens=False).tokens)
    frequent = sorted((p for p in pieces if p not in SPECIALS), key=lambda p: (-pieces[p], p))
    return SPECIALS + frequent[: VOCABULARY - len(SPECIALS)]


def write_tokenizer(folder, vocabulary, file):
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    wordpiece = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
    # As in the published MiniLM files: a reader has to set its own limits.
    wordpiece.enable_truncation(16)
    wordpiece.enable_padding(length=16)
    wordpiece.save(str(folder / "tokenizer.json"), pretty=False)
    encoder = Encoder(folder, POSITIONS)
    (folder / ({"vocab.txt", "tokenizer.json"} - {file}).pop()).unlink()
    return encoder


def load_state(model, state):
    """Replaces all weights, and refuses a state that does not name each of them."""
    expected = {name for name, _ in model.named_parameters()}
    assert expected == set(state), expected ^ set(state)
    model.load_state_dict({name: value.float() for name, value in state.items()}, strict=False)
    return model.float().eval()


def golden(model, encoder, inputs):
    """The outputs of a model for inputs.json, as golden.json holds them."""
    if isinstance(model, BertModel):
        encodings = [encoder.text(expand(text)) for text in inputs["texts"]]
        outputs = {"embeddings": [[float(f"{x:.9g}") for x in embed(model, e).tolist()] for e in encodings]}
    else:
        encodings = [encoder.pair(expand(p["query"]), expand(p["passage"])) for p in inputs["pairs"]]
        outputs = {"logits": [float(f"{score(model, e).item():.9g}") for e in encodings]}
        check_sensitivity(model, encodings, np.array(outputs["logits"]))
    return {
        "role": "embedder" if "embeddings" in outputs else "reranker",
        "max_tokens": encoder.max_tokens,
        "ids": [e.ids for e in encodings],
        "second": [e.type_ids.index(1) if 1 in e.type_ids else len(e.ids) for e in encodings],
        **outputs,
    }


def check_sensitivity(model, encodings, logits):
    """The fixture must be able to fail: logits differ between inputs, and a reader that drops token types is far off."""
    assert logits.std() > 0.1, f"logits hardly differ: {logits.std()}"
    with torch.inference_mode():
        blind = np.array([model(torch.tensor([e.ids])).logits.item() for e in encodings])
    assert np.abs(blind - logits).mean() > 0.1, "token types hardly matter"


def report_rounding(name, model, encoder, inputs, outputs):
    """Prints what f64 changes in the golden values: how much of the 1e-4 allowed PyTorch's own f32 rounding takes."""
    key = "embeddings" if outputs["role"] == "embedder" else "logits"
    exact = golden(model.double(), encoder, inputs)
    model.float()
    difference = np.abs(np.array(exact[key]) - np.array(outputs[key])).max()
    print(f"{name}: f64 differs by {difference:.1e}; spread {np.std(outputs[key]):.2f}")


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n", encoding="ascii")


def make_all(folder, default_encoder, corpus_texts, inputs):
    """Writes inputs.json and every small model under `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_json(folder / "inputs.json", inputs)
    vocabulary = make_vocabulary(default_encoder, corpus_texts)
    for name, (model_class, config, dtype, tokenizer_file) in MODELS.items():
        out = folder / name
        out.mkdir()
        encoder = write_tokenizer(out, vocabulary, tokenizer_file)
        config.architectures = [model_class.__name__]
        config.save_pretrained(out)
        model = model_class(config, **({"add_pooling_layer": False} if model_class is BertModel else {}))
        table, state = make_weights(model)
        if dtype is None:
            digest = hashlib.sha256()
            for value in state.values():
                digest.update(value.numpy().astype("<f4").tobytes())
            write_json(out / "tensors.json", {"tensors": table, "sha256": digest.hexdigest()})
        else:
            save_file({k: v.to(dtype) for k, v in state.items()}, out / "model.safetensors", metadata={"format": "pt"})
            state = load_file(out / "model.safetensors")
        outputs = golden(load_state(model, state), encoder, inputs)
        write_json(out / "golden.json", outputs)
        report_rounding(name, model, encoder, inputs, outputs)

        for file, kind in gguf_files.FILES.get(name, {}).items():
            stored = gguf_files.write(out / file, config, state, vocabulary, kind)
            outputs_of_file = golden(load_state(model, stored), encoder, inputs)
            if kind == Kind.Q8_0:
                write_json(out / f"{file}.golden.json", outputs_of_file)
            else:
                assert outputs_of_file == outputs, f"{file} should hold the very weights of model.safetensors"
