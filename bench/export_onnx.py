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
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel, AutoModelForSequenceClassification, BertForSequenceClassification

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))
from docsift_training.unpacking import unpack_default  # noqa: E402

# The operators of opset 17 hold everything BERT needs, and both runtimes know how to fuse them.
OPSET = 17
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def load(folder, role):
    """A model in f32, in the form that is exported."""
    kind = AutoModelForSequenceClassification if role == "reranker" else AutoModel
    more = {} if role == "reranker" else {"add_pooling_layer": False}
    # Attention spelled out: the form that ONNX Runtime's optimizer fuses.
    return kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", **more).eval()


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
    for role, identifier in manifest["defaults"].items():
        print(f"{identifier}: unpacking", flush=True)
        folder = options.out / identifier
        (folder / "onnx").mkdir(parents=True, exist_ok=True)
        unpack_default(options.models, role, folder)
        model = load(folder, role)
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
