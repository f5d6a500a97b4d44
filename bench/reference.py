"""Writes bench/reference.json: what PyTorch computes in f32 on the workload, with the weights before any quantization.

Usage: python bench/reference.py <embedder folder> <reranker folder>

The folders are Hugging Face ones (config.json, model.safetensors, tokenizer.json). Needed only when a model changes: the
result is committed, since the weights before quantization are not.
"""

import argparse
import base64
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoModelForSequenceClassification

HERE = Path(__file__).resolve().parent


def read_tokenizer(folder):
    """The tokenizer, without the truncation and padding that its file asks for: nothing of the workload is too long."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def run(model, encoding):
    """One sequence through a model, so that nothing is padded."""
    return model(input_ids=torch.tensor([encoding.ids]), token_type_ids=torch.tensor([encoding.type_ids]))


def logits(folder, queries, passages):
    """Per query one row of logits, one a passage."""
    tokenizer = read_tokenizer(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    return [
        [round(run(model, tokenizer.encode(query, passage)).logits.item(), 5) for passage in passages]
        for query in queries
    ]


def embeddings(folder, texts):
    """Row-major f32, one row a text: mean over its tokens, unit length."""
    tokenizer = read_tokenizer(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    pooled = [run(model, tokenizer.encode(text)).last_hidden_state[0].mean(dim=0) for text in texts]
    rows = torch.nn.functional.normalize(torch.stack(pooled), dim=1)
    return {"dims": rows.shape[1], "base64": base64.b64encode(rows.numpy().astype("<f4").tobytes()).decode()}


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("embedder", type=Path)
    parser.add_argument("reranker", type=Path)
    options = parser.parse_args()
    workload = json.loads((HERE / "workload.json").read_text())
    reference = {
        "description": "PyTorch, f32, weights before quantization: logits per query and passage; embeddings of W3.",
        "torch": torch.__version__.split("+")[0],
        "W1": logits(options.reranker, workload["queries"], workload["W1"]["passages"]),
        "W3": embeddings(options.embedder, workload["W3"]["texts"]),
    }
    # One row of logits a line.
    text = json.dumps(reference, indent=1)
    for row in reference["W1"]:
        text = text.replace(json.dumps(row, indent=1).replace("\n", "\n  "), json.dumps(row))
    (HERE / "reference.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
