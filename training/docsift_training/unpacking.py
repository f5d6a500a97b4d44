"""From a GGUF file back to a Hugging Face folder, so that training can begin with a model that docsift ships."""

from pathlib import Path

import torch
from gguf import MODEL_ARCH, GGUFReader, get_tensor_name_map
from gguf.quants import dequantize
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from .errors import InvalidInput

# The head of a cross-encoder, for which gguf's own table has other models' names.
HEAD = {"bert.pooler.dense": "cls", "classifier": "cls.output"}
# `bert.pooling_type` of a cross-encoder.
RANK = 4
WORD_START = "\u2581"
WORDS = "bert.embeddings.word_embeddings.weight"


def unpack(path: Path, folder: Path, bi_encoder: Path) -> None:
    """Writes `config.json`, `model.safetensors` in f32 and the tokenizer. A file that was packed without words gets those of
    the folder `bi_encoder`. Raises `InvalidInput` for any file but a BERT cross-encoder's."""
    try:
        reader = GGUFReader(path)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path}: expected a GGUF file, found {error}") from None
    architecture, pooling = (_field(reader, name) for name in ("general.architecture", "bert.pooling_type"))
    if architecture != "bert" or pooling != RANK:
        raise InvalidInput(f"{path}: expected a BERT cross-encoder, found {architecture!r} with pooling {pooling!r}")
    without_words = _field(reader, "docsift.words.sha256") is not None
    if without_words:
        tokenizer = BertTokenizerFast.from_pretrained(bi_encoder)
    else:
        tokens = [_wordpiece(token) for token in _field(reader, "tokenizer.ggml.tokens")]
        vocabulary = {token: number for number, token in enumerate(tokens)}
        tokenizer = BertTokenizerFast(vocab=vocabulary, do_lower_case=True)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=_field(reader, "bert.embedding_length"),
        num_hidden_layers=_field(reader, "bert.block_count"),
        num_attention_heads=_field(reader, "bert.attention.head_count"),
        intermediate_size=_field(reader, "bert.feed_forward_length"),
        max_position_embeddings=_field(reader, "bert.context_length"),
        layer_norm_eps=_field(reader, "bert.attention.layer_norm_epsilon"),
        num_labels=1,
    )
    model = BertForSequenceClassification(config)
    stored = {tensor.name: tensor for tensor in reader.tensors}
    names = get_tensor_name_map(MODEL_ARCH.BERT, config.num_hidden_layers)
    state = {}
    if without_words:
        state[WORDS] = load_file(bi_encoder / "model.safetensors")[WORDS.removeprefix("bert.")].float()
    for name, parameter in model.named_parameters():
        if name in state:
            continue
        stem, suffix = name.rsplit(".", 1)
        packed = HEAD.get(stem) or names.get_name(stem.removeprefix("bert."))
        tensor = stored.get(f"{packed}.{suffix}")
        if tensor is None:
            raise InvalidInput(f"{path}: expected the tensor {packed}.{suffix}, found none")
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).float()
        state[name] = values.reshape(parameter.shape)
    # Not strict: buffers such as the position ids are no part of the file.
    model.load_state_dict(state, strict=False)
    model.save_pretrained(folder)
    tokenizer.model_max_length = config.max_position_embeddings
    tokenizer.save_pretrained(folder)


def _field(reader: GGUFReader, name: str):
    found = reader.get_field(name)
    return None if found is None else found.contents()


def _wordpiece(token: str) -> str:
    """llama.cpp marks where a word starts, WordPiece where one goes on."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[1:] if token.startswith(WORD_START) else f"##{token}"
