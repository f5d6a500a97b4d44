"""Logits of the reranker as PyTorch computes them in f32, for `npm run eval -- --reference FILE`.

    npm run eval -- --export-pairs pairs.jsonl
    python eval/reference.py --model FOLDER pairs.jsonl reference.jsonl
    npm run eval -- --compare int8,f32 --reference reference.jsonl

pairs.jsonl: {"set", "id", "query", "inputs": [text]}; reference.jsonl: {"set", "id", "logits": [number]}, a logit for each
input. FOLDER is the reranker's Hugging Face folder. Needs torch and transformers (tests/golden/requirements.txt).
"""

import argparse
import json
import time
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BATCH = 16


@torch.inference_mode()
def logits(model, tokenizer, query, inputs, device):
    """One logit for each input; texts of like length are padded together."""
    found = [0.0] * len(inputs)
    order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]))
    for start in range(0, len(order), BATCH):
        places = order[start : start + BATCH]
        pairs = [(query, inputs[i]) for i in places]
        batch = tokenizer(
            [a for a, _ in pairs], [b for _, b in pairs], padding=True, truncation="only_second", max_length=512, return_tensors="pt"
        )
        scores = model(**batch.to(device)).logits.squeeze(-1).cpu().tolist()
        for i, score in zip(places, scores):
            found[i] = score
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("pairs", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForSequenceClassification.from_pretrained(args.model, dtype=torch.float32)
    model = model.eval().to(args.device)
    lines = args.pairs.read_text(encoding="utf-8").splitlines()
    started = time.monotonic()
    with args.out.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines, 1):
            pair = json.loads(line)
            row = logits(model, tokenizer, pair["query"], pair["inputs"], args.device)
            # Flushed, so that what was scored stays when the run is broken off.
            out.write(json.dumps({"set": pair["set"], "id": pair["id"], "logits": row}) + "\n")
            out.flush()
            print(f"{number} of {len(lines)} queries, {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
