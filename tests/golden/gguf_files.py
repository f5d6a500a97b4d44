"""BERT in GGUF, as llama.cpp's converter writes it: tensor names, metadata, and tokens with a marked word start."""

import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFWriter, LlamaFileType, PoolingType, TokenType
from gguf.quants import dequantize, quantize

# model: {file: type of its matrices}. bert-2x72 has rows of 72 and 80, which no block of 32 fits: F32 throughout.
FILES = {
    "bert-2x128": {"model.f16.gguf": Kind.F16, "model.q8_0.gguf": Kind.Q8_0},
    "bert-2x72": {"model.f32.gguf": Kind.F32},
}

FILE_TYPES = {Kind.F32: LlamaFileType.ALL_F32, Kind.F16: LlamaFileType.MOSTLY_F16, Kind.Q8_0: LlamaFileType.MOSTLY_Q8_0}

_FIXED = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.LayerNorm": "token_embd_norm",
    "pooler.dense": "cls",
    "classifier": "cls.output",
}
_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def tensor_name(name):
    """A transformers BERT parameter's name in GGUF."""
    stem, suffix = name.removeprefix("bert.").rsplit(".", 1)
    if stem in _FIXED:
        return f"{_FIXED[stem]}.{suffix}"
    _, _, layer, rest = stem.split(".", 3)
    return f"blk.{layer}.{_LAYER[rest]}.{suffix}"


def marked(token):
    """A wordpiece as GGUF stores it: the start of a word is marked, not its continuation."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def unmarked(token):
    """The inverse of `marked`."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[1:] if token.startswith("\u2581") else "##" + token


def stored_kind(name, shape, kind):
    """The type a tensor is stored in: vectors, positions and token types always F32."""
    small = len(shape) == 1 or name in ("position_embd.weight", "token_types.weight")
    return Kind.F32 if small else kind


def write(path, config, state, vocabulary, kind):
    """Writes a model and returns its weights as a reader of the file gets them, f32 under their transformers names."""
    writer = GGUFWriter(path, "bert")
    writer.add_name(path.parent.name)
    writer.add_file_type(FILE_TYPES[kind])
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_causal_attention(False)
    rank = config.architectures == ["BertForSequenceClassification"]
    writer.add_pooling_type(PoolingType.RANK if rank else PoolingType.MEAN)

    special = {token: vocabulary.index(token) for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")}
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([marked(token) for token in vocabulary])
    writer.add_token_types([TokenType.CONTROL if token in special else TokenType.NORMAL for token in vocabulary])
    writer.add_token_type_count(config.type_vocab_size)
    writer.add_bos_token_id(special["[CLS]"])
    writer.add_eos_token_id(special["[SEP]"])
    writer.add_unk_token_id(special["[UNK]"])
    writer.add_sep_token_id(special["[SEP]"])
    writer.add_pad_token_id(special["[PAD]"])
    writer.add_mask_token_id(special["[MASK]"])
    writer.add_uint32("tokenizer.ggml.cls_token_id", special["[CLS]"])

    stored = {}
    for name, value in state.items():
        values = value.float().numpy()
        target = tensor_name(name)
        tensor_kind = stored_kind(target, values.shape, kind)
        data = quantize(values, tensor_kind)
        writer.add_tensor(target, data, raw_dtype=tensor_kind)
        stored[name] = torch.from_numpy(np.array(dequantize(data, tensor_kind), dtype=np.float32).reshape(values.shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return stored
