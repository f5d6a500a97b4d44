"""Exports the two shipped models as the folders that the peers load.

Usage: python bench/export_onnx.py <models> <out>

Each folder <out>/<model id>/ holds config.json, tokenizer.json and tokenizer_config.json, the weights in f32
(model.safetensors, for candle), and the two ONNX files in the places where transformers.js looks for them:
onnx/model.onnx (f32) and onnx/model_quantized.onnx (dynamic quantization: int8 weights with one scale per tensor, uint8
activations). The weights are those of the shipped GGUF files, dequantized, so that every engine runs the same network.
"""

import argparse
import json
import logging
import sys
from pathlib import Path

import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "golden"))
from gguf_files import tensor_name, unmarked  # noqa: E402

# The operators of opset 17 hold everything BERT needs, and both runtimes know how to fuse them.
OPSET = 17
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def field(reader, name):
    return reader.get_field(name).contents()


def read_config(reader, tokens):
    """The config of a GGUF file's network, as transformers writes it."""
    return BertConfig(
        vocab_size=len(tokens),
        hidden_size=field(reader, "bert.embedding_length"),
        num_hidden_layers=field(reader, "bert.block_count"),
        num_attention_heads=field(reader, "bert.attention.head_count"),
        intermediate_size=field(reader, "bert.feed_forward_length"),
        max_position_embeddings=field(reader, "bert.context_length"),
        layer_norm_eps=field(reader, "bert.attention.layer_norm_epsilon"),
        num_labels=1,
        # Attention spelled out: the form that ONNX Runtime's optimizer fuses.
        attn_implementation="eager",
    )


def load(path, role):
    """A GGUF file as a transformers model in f32, with its tokenizer."""
    reader = GGUFReader(path)
    tokens = [unmarked(token) for token in field(reader, "tokenizer.ggml.tokens")]
    config = read_config(reader, tokens)
    reranker = role == "reranker"
    model = BertForSequenceClassification(config) if reranker else BertModel(config, add_pooling_layer=False)
    stored = {
        tensor.name: torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).float()
        for tensor in reader.tensors
    }
    state = {
        name: stored.pop(tensor_name(name)).reshape(parameter.shape)
        for name, parameter in model.named_parameters()
    }
    if stored:
        raise SystemExit(f"{path}: expected the tensors of BERT, found {', '.join(sorted(stored))} as well")
    # Not strict: buffers such as the position ids are no part of the file.
    model.load_state_dict(state, strict=False)
    tokenizer = BertTokenizerFast(vocab={token: index for index, token in enumerate(tokens)}, do_lower_case=True)
    tokenizer.model_max_length = config.max_position_embeddings
    return model.eval(), tokenizer


class Traced(torch.nn.Module):
    """A model with the inputs and the one output of its ONNX file."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        reranker = isinstance(model, BertForSequenceClassification)
        self.output = "logits" if reranker else "last_hidden_state"

    def forward(self, input_ids, attention_mask, token_type_ids):
        outputs = self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        return outputs[self.output]


def export(model, path):
    """Writes the f32 ONNX file. The tracing exporter: what it writes runs a little faster, once quantized, than what
    the newer one does."""
    traced = Traced(model)
    axes = {0: "batch", 1: "sequence"}
    torch.onnx.export(
        traced,
        args=tuple(torch.ones(2, 8, dtype=torch.long) for _ in INPUTS),
        f=path,
        input_names=INPUTS,
        output_names=[traced.output],
        dynamic_axes={
            **dict.fromkeys(INPUTS, axes),
            traced.output: {0: "batch"} if traced.output == "logits" else axes,
        },
        opset_version=OPSET,
        dynamo=False,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", type=Path, help="folder of manifest.json and the GGUF files")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    manifest = json.loads((options.models / "manifest.json").read_text())
    for identifier in manifest["defaults"].values():
        entry = manifest["models"][identifier]
        print(f"{identifier}: reading {entry['file']}", flush=True)
        model, tokenizer = load(options.models / entry["file"], entry["role"])
        model.config.architectures = [type(model).__name__]
        folder = options.out / identifier
        (folder / "onnx").mkdir(parents=True, exist_ok=True)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        full = folder / "onnx" / "model.onnx"
        print(f"{identifier}: exporting to ONNX", flush=True)
        export(model, full)
        print(f"{identifier}: quantizing", flush=True)
        quantize_dynamic(
            full,
            folder / "onnx" / "model_quantized.onnx",
            weight_type=QuantType.QInt8,
            per_channel=False,
        )


if __name__ == "__main__":
    main()
