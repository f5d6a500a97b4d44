"""The commands: `python -m docsift_training mine | train | distill | average | evaluate | pack | site`.

Where a cross-encoder is asked for, a Hugging Face folder or a GGUF file of docsift's will do.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from .config import read_config
from .errors import InvalidInput


def main() -> int:
    options = _parser().parse_args()
    # Two runs of one config give the same model on the same machine.
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        options.run(options)
    except InvalidInput as error:
        print(f"docsift_training: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m docsift_training", description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("mine", help="make groups of pairs: find passages that are no answers")
    command.add_argument("pairs", type=Path, help="JSON Lines of query and passage, with label or clicks")
    command.add_argument("--passages", type=Path, help="JSON Lines of all passages of the site, texts")
    command.add_argument("--denoise", type=Path, help="cross-encoder that tells which of them answer after all")
    command.add_argument("--negatives", type=int, default=15, help="for each query (default 15)")
    command.add_argument("--out", type=Path, required=True, help="folder for the groups")
    _device(command)
    command.set_defaults(run=_mine)

    command = commands.add_parser("train", help="train a cross-encoder; goes on where it was broken off")
    _run_options(command)
    command.add_argument("--start", default="bi-encoder", help="cross-encoder to begin with (default: a new one)")
    command.add_argument("--teacher", type=Path, help="cross-encoder whose scores are learned from")
    command.set_defaults(run=_train)

    command = commands.add_parser("distill", help="teach the bi-encoder what a cross-encoder knows; goes on as train does")
    _run_options(command)
    command.add_argument("--teacher", type=Path, required=True, help="cross-encoder whose scores are learned from")
    command.set_defaults(run=_distill)

    command = commands.add_parser("average", help="the mean of the weights of several runs from one start")
    command.add_argument("models", type=Path, nargs="+", help="Hugging Face folders")
    command.add_argument("--out", type=Path, required=True, help="folder of the mean")
    command.set_defaults(run=_average)

    command = commands.add_parser("evaluate", help="nDCG@10 and MRR@10 over groups")
    command.add_argument("model", type=Path)
    command.add_argument("--data", type=Path, required=True, help="folder of groups")
    command.add_argument("--site", action="append", default=[], help="only groups of this site; may be repeated")
    command.add_argument("--kind", action="append", default=[], help="only groups of this kind; may be repeated")
    command.add_argument("--queries", type=int, default=1000, help="at most (default 1000)")
    _device(command)
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("site", help="one site of a folder of groups, as pairs and passages of its owner's")
    command.add_argument("site")
    command.add_argument("--data", type=Path, required=True, help="folder of groups")
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--pairs", type=int, default=1000, help="to train on (default 1000)")
    command.add_argument("--queries", type=int, default=200, help="to judge by (default 200)")
    command.set_defaults(run=_site)

    command = commands.add_parser("pack", help="write a GGUF file for the browser")
    command.add_argument("model", type=Path)
    command.add_argument("--out", type=Path, required=True, help="the GGUF file")
    command.add_argument("--name", required=True)
    command.add_argument("--license", default="unknown", help="SPDX identifier (default: unknown)")
    command.add_argument("--calibration", type=Path, help="pairs like those to be read (default: docsift's)")
    command.add_argument("--words-of", type=Path, help="the embedder's GGUF file: leave words and tokenizer to it")
    command.set_defaults(run=_pack)
    return parser


def _run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, help="TOML file, see configs/")
    command.add_argument("--data", type=Path, required=True, help="folder of groups")
    command.add_argument("--out", type=Path, required=True, help="folder of the run")
    command.add_argument("--seed", type=int, help="in place of the config's")
    command.add_argument("--steps", type=int, help="in place of the config's")
    _device(command)


def _device(command: argparse.ArgumentParser) -> None:
    best = "cuda" if torch.cuda.is_available() else "cpu"
    command.add_argument("--device", default=best, help=f"cpu or cuda (here: {best})")


def _mine(options: argparse.Namespace) -> None:
    from .files import read_lines
    from .mining import mine, read_pairs
    from .models import load

    passages = list(read_lines(options.passages)) if options.passages else []
    if any(not isinstance(text, str) for text in passages):
        raise InvalidInput(f"{options.passages}: expected a JSON string in each line")
    denoise = load(options.denoise, options.device, 512) if options.denoise else None
    count = mine(read_pairs(options.pairs), passages, options.out, options.device, options.negatives, denoise)
    print(f"{count} groups in {options.out}")


def _train(options: argparse.Namespace) -> None:
    from .train import train

    config = read_config(options.config, {"seed": options.seed, "steps": options.steps})
    model = train(config, options.data, options.out, options.device, options.start, options.teacher)
    _tell(model, options.out)


def _distill(options: argparse.Namespace) -> None:
    from .distill import distill

    config = read_config(options.config, {"seed": options.seed, "steps": options.steps})
    model = distill(config, options.data, options.out, options.device, options.teacher)
    _tell(model, options.out)


def _tell(model: Path, out: Path) -> None:
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    print(json.dumps({"model": str(model), "before": run["before"], "dev": run["dev"]}, indent=1))


def _average(options: argparse.Namespace) -> None:
    from .models import average_folders

    average_folders(options.models, options.out)
    print(options.out)


def _evaluate(options: argparse.Namespace) -> None:
    from .evaluation import evaluator
    from .groups import read_corpus, read_groups
    from .models import load

    corpus = read_corpus(options.data)
    groups = [
        group
        for group in read_groups(options.data, len(corpus.passages))
        if (not options.site or group.site in options.site) and (not options.kind or group.kind in options.kind)
    ]
    if not groups:
        raise InvalidInput(f"{options.data}: expected groups of that site and kind, found none")
    found = evaluator(groups, corpus, options.queries, 1)(load(options.model, options.device, 512))
    print(json.dumps({name: round(float(value), 4) for name, value in found.items()}, indent=1))


def _site(options: argparse.Namespace) -> None:
    from .site import export_site

    count = export_site(options.data, options.site, options.out, options.pairs, options.queries, 1)
    print(f"{count} pairs in {options.out}")


def _pack(options: argparse.Namespace) -> None:
    from .packing import pack

    packed = pack(options.model, options.out, options.name, options.license, options.calibration, options.words_of)
    print(json.dumps(packed, indent=1))


if __name__ == "__main__":
    sys.exit(main())
