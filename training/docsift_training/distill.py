"""The cross-encoder's knowledge put back into the bi-encoder: its cosines learn to order passages as the logits do.

Tightly coupled teachers (Lin et al. 2020, arXiv:2010.11386): the divergence of the two softmaxes over one query's passages.
"""

import time
from pathlib import Path

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss

from .config import Config
from .errors import InvalidInput
from .files import write_lines
from .groups import Corpus, Group, read_corpus, read_groups, sample_rows, split
from .models import bi_encoder_folder
from .run import arguments, has_checkpoint, keep_config, keep_log, note
from .train import teacher_scores

# Cosines are between -1 and 1; all-MiniLM-L6-v2 was trained with them times 20.
COSINE_TEMPERATURE = 0.05
METRIC = "dev_cosine_recall@10"


def distill(config: Config, data: Path, out: Path, device: str, teacher: Path) -> Path:
    """Trains the bi-encoder, or goes on where a run of the same folder was broken off. Returns the folder of the model.

    Of a config, what concerns the head of a cross-encoder and the gains of groups is not used. The word table stays as it
    is, so that rerankers go on sharing it. `out` gets what `train` gives; recall is over all passages of the sites held out.
    """
    if config.teacher != "model" or config.layers or config.average > 1:
        raise InvalidInput("expected teacher = 'model', all layers and average = 1 to distill into the bi-encoder")
    started = time.monotonic()
    keep_config(config, out)
    corpus = read_corpus(data)
    groups = read_groups(data, len(corpus.passages))
    dev_groups = [group for group in groups if group.site in config.held_out]
    groups, dev = split(groups, config.held_out, config.held_out_groups, config.seed)
    write_lines(out / "dev.jsonl", [{"q": group.query, "src": group.site} for group in dev])
    rows = sample_rows(groups, corpus, config.shares, config.steps * config.batch, config.list_size, config.seed)
    # A list of the loss has as many passages as every other.
    rows = [row for row in rows if len(row.texts) == config.list_size]
    scores = teacher_scores(config, rows, teacher, device, out)
    columns = {f"passage_{i}": [row.texts[i] for row in rows] for i in range(config.list_size)}
    dataset = Dataset.from_dict({"query": [row.query for row in rows], **columns, "label": [list(s) for s in scores]})

    torch.manual_seed(config.seed)
    model = SentenceTransformer(
        str(bi_encoder_folder()),
        device=device,
        local_files_only=True,
        config_kwargs={"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    )
    model.max_seq_length = config.max_tokens
    model[0].auto_model.embeddings.word_embeddings.weight.requires_grad_(False)
    judge = _evaluator(dev, dev_groups or dev, corpus)
    before = judge(model)
    loss = DistillKLDivLoss(
        model,
        student_temperature=COSINE_TEMPERATURE,
        teacher_temperature=config.temperature,
    )
    told = SentenceTransformerTrainingArguments(**arguments(config, out, device))
    trainer = SentenceTransformerTrainer(model=model, args=told, train_dataset=dataset, loss=loss, evaluator=judge)
    trainer.train(resume_from_checkpoint=has_checkpoint(out))

    after = judge(model)
    model.save_pretrained(str(out / "model"))
    keep_log(out, before[METRIC], trainer.state.log_history, METRIC)
    rounded = [{name: round(float(value), 4) for name, value in found.items()} for found in (before, after)]
    note(out, started, device, {"dev": rounded[1], "before": rounded[0], "teacher": teacher.name})
    return out / "model"


def _evaluator(dev: list[Group], of_sites: list[Group], corpus: Corpus) -> InformationRetrievalEvaluator:
    """Recall at 10 and 50 and nDCG@10 over all passages of the sites that are held out."""
    kind = dev[0].kind
    numbers = sorted({candidate for group in of_sites for candidate in group.candidates})
    return InformationRetrievalEvaluator(
        queries={str(i): group.query for i, group in enumerate(dev)},
        corpus={str(number): corpus.text(number, kind) for number in numbers},
        relevant_docs={
            str(i): {
                str(candidate)
                for candidate, gain in zip(group.candidates, group.gains, strict=True)
                if gain == max(group.gains)
            }
            for i, group in enumerate(dev)
        },
        name="dev",
        accuracy_at_k=[1],
        precision_recall_at_k=[10, 50],
        mrr_at_k=[10],
        ndcg_at_k=[10],
        map_at_k=[10],
        batch_size=64,
        write_csv=False,
        main_score_function="cosine",
    )
