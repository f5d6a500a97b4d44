"""From a GGUF file of docsift's back to a Hugging Face folder, to train on or to compare with."""

import json
from pathlib import Path

import torch
from gguf import MODEL_ARCH, GGUFReader, get_tensor_name_map
from gguf.quants import dequantize
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast

from .errors import InvalidInput

# The head of a cross-encoder, for which gguf's own table has other models' names.
HEAD = {"pooler.dense": "cls", "classifier": "cls.output"}
# `bert.pooling_type`.
MODELS = {1: BertModel, 4: BertForSequenceClassification}
WORD_START = "\u2581"
WORDS = "embeddings.word_embeddings.weight"


def unpack(path: Path, folder: Path, words: Path | None = None) -> None:
    """Writes `config.json`, `model.safetensors` in f32 and the tokenizer of a bi-encoder or a cross-encoder.

    A file that was packed without words gets those of `words`, a Hugging Face folder or a GGUF file of the bi-encoder.
    Raises `InvalidInput` for any other file.
    """
    reader = _read(path)
    architecture, pooling = (_field(reader, name) for name in ("general.architecture", "bert.pooling_type"))
    if architecture != "bert" or pooling not in MODELS:
        raise InvalidInput(f"{path}: expected a BERT encoder, found {architecture!r} with pooling {pooling!r}")
    if _field(reader, "docsift.words.sha256") is None:
        tokenizer, table = _tokenizer(reader), _values(reader, path, "token_embd.weight")
    elif words is None:
        raise InvalidInput(f"{path}: expected a file with its words, found one that was packed without")
    else:
        tokenizer, table = _words_of(words)
    config = BertConfig(
        vocab_size=len(table),
        hidden_size=_field(reader, "bert.embedding_length"),
        num_hidden_layers=_field(reader, "bert.block_count"),
        num_attention_heads=_field(reader, "bert.attention.head_count"),
        intermediate_size=_field(reader, "bert.feed_forward_length"),
        max_position_embeddings=_field(reader, "bert.context_length"),
        layer_norm_eps=_field(reader, "bert.attention.layer_norm_epsilon"),
        num_labels=1,
    )
    kind = MODELS[pooling]
    model = kind(config, add_pooling_layer=False) if kind is BertModel else kind(config)
    names = get_tensor_name_map(MODEL_ARCH.BERT, config.num_hidden_layers)
    state = {}
    for name, parameter in model.named_parameters():
        stem, suffix = name.removeprefix("bert.").rsplit(".", 1)
        packed = HEAD.get(stem) or names.get_name(stem)
        values = table if f"{stem}.{suffix}" == WORDS else _values(reader, path, f"{packed}.{suffix}")
        state[name] = values.reshape(parameter.shape)
    # Not strict: buffers such as the position ids are no part of the file.
    model.load_state_dict(state, strict=False)
    model.save_pretrained(folder)
    tokenizer.model_max_length = config.max_position_embeddings
    tokenizer.save_pretrained(folder)


def unpack_default(models: Path, role: str, folder: Path) -> None:
    """`unpack` for the default `embedder` or `reranker` of a folder with a manifest.json, with the words that it needs."""
    manifest = json.loads((models / "manifest.json").read_text(encoding="utf-8"))
    entry = manifest["models"][manifest["defaults"][role]]
    words = manifest["models"].get(entry.get("words"))
    unpack(models / entry["file"], folder, models / words["file"] if words else None)


def _words_of(model: Path) -> tuple[BertTokenizerFast, torch.Tensor]:
    if model.is_dir():
        table = load_file(model / "model.safetensors")[WORDS].float()
        return BertTokenizerFast.from_pretrained(model), table
    reader = _read(model)
    return _tokenizer(reader), _values(reader, model, "token_embd.weight")


def _read(path: Path) -> GGUFReader:
    try:
        return GGUFReader(path)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path}: expected a GGUF file, found {error}") from None


def _field(reader: GGUFReader, name: str):
    found = reader.get_field(name)
    return None if found is None else found.contents()


def _values(reader: GGUFReader, path: Path, name: str) -> torch.Tensor:
    tensor = next((tensor for tensor in reader.tensors if tensor.name == name), None)
    if tensor is None:
        raise InvalidInput(f"{path}: expected the tensor {name}, found none")
    return torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).float()


def _tokenizer(reader: GGUFReader) -> BertTokenizerFast:
    tokens = [_wordpiece(token) for token in _field(reader, "tokenizer.ggml.tokens")]
    return BertTokenizerFast(vocab={token: number for number, token in enumerate(tokens)}, do_lower_case=True)


def _wordpiece(token: str) -> str:
    """llama.cpp marks where a word starts, WordPiece where one goes on."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[1:] if token.startswith(WORD_START) else f"##{token}"
