//! BERT over a GGUF file: candle's `BertModel` with its linear layers replaced by candle's `QMatMul`, which is how its
//! other quantized models are made. It has no quantized BERT of its own.

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Result, Tensor, D};
use candle_nn::{LayerNorm, Module};
use candle_transformers::quantized_nn::{layer_norm, linear, Embedding, Linear};
use candle_transformers::quantized_var_builder::VarBuilder;

use crate::Head;

/// Embeddings and transformer layers, with llama.cpp's tensor names.
pub struct QuantizedBert {
    words: Embedding,
    positions: Embedding,
    types: Embedding,
    norm: LayerNorm,
    layers: Vec<Layer>,
    variables: VarBuilder,
    hidden: usize,
}

struct Layer {
    heads: usize,
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    up: Linear,
    down: Linear,
    output_norm: LayerNorm,
}

/// The sizes of the network.
struct Sizes {
    hidden: usize,
    inner: usize,
    heads: usize,
    layers: usize,
    positions: usize,
    eps: f64,
}

impl Sizes {
    fn read(file: &[u8]) -> Result<Self> {
        let content = Content::read(&mut std::io::Cursor::new(file))?;
        let value = |name: &str| {
            content.metadata.get(name).ok_or_else(|| candle_core::Error::Msg(format!("expected {name} in the file")))
        };
        let size = |name: &str| Ok::<_, candle_core::Error>(value(name)?.to_u32()? as usize);
        Ok(Self {
            hidden: size("bert.embedding_length")?,
            inner: size("bert.feed_forward_length")?,
            heads: size("bert.attention.head_count")?,
            layers: size("bert.block_count")?,
            positions: size("bert.context_length")?,
            eps: f64::from(value("bert.attention.layer_norm_epsilon")?.to_f32()?),
        })
    }
}

impl QuantizedBert {
    pub fn load(file: &[u8]) -> Result<Self> {
        let sizes = Sizes::read(file)?;
        let variables = VarBuilder::from_gguf_buffer(file, &Device::Cpu)?;
        let rows = |name: &str| variables.get_no_shape(&format!("{name}.weight"))?.shape().dims2();
        let (vocabulary, hidden) = rows("token_embd")?;
        let (types, _) = rows("token_types")?;
        let layers = (0..sizes.layers)
            .map(|index| Layer::load(&variables.pp(format!("blk.{index}")), &sizes))
            .collect::<Result<_>>()?;
        Ok(Self {
            words: Embedding::new(vocabulary, hidden, variables.pp("token_embd"))?,
            positions: Embedding::new(sizes.positions, hidden, variables.pp("position_embd"))?,
            types: Embedding::new(types, hidden, variables.pp("token_types"))?,
            norm: layer_norm(hidden, sizes.eps, variables.pp("token_embd_norm"))?,
            layers,
            hidden,
            variables,
        })
    }

    /// The cross-encoder's head, where the file has one.
    pub fn head(&self) -> Result<Option<Head<Linear>>> {
        if !self.variables.contains_key("cls.output.weight") {
            return Ok(None);
        }
        let dense = linear(self.hidden, self.hidden, self.variables.pp("cls"))?;
        let output = linear(self.hidden, 1, self.variables.pp("cls.output"))?;
        Ok(Some(Head { dense, output }))
    }

    /// `[sequences, tokens, hidden]` for ids of `[sequences, tokens]`, none of them padding.
    pub fn forward(&self, ids: &Tensor, type_ids: &Tensor) -> Result<Tensor> {
        let positions = Tensor::arange(0, ids.dim(1)? as u32, ids.device())?;
        let embedded = (self.words.forward(ids)? + self.types.forward(type_ids)?)?
            .broadcast_add(&self.positions.forward(&positions)?)?;
        let mut hidden = self.norm.forward(&embedded)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden)?;
        }
        Ok(hidden)
    }
}

impl Layer {
    fn load(variables: &VarBuilder, sizes: &Sizes) -> Result<Self> {
        let square = |name: &str| linear(sizes.hidden, sizes.hidden, variables.pp(name));
        let norm = |name: &str| layer_norm(sizes.hidden, sizes.eps, variables.pp(name));
        Ok(Self {
            heads: sizes.heads,
            query: square("attn_q")?,
            key: square("attn_k")?,
            value: square("attn_v")?,
            attention_output: square("attn_output")?,
            attention_norm: norm("attn_output_norm")?,
            up: linear(sizes.hidden, sizes.inner, variables.pp("ffn_up"))?,
            down: linear(sizes.inner, sizes.hidden, variables.pp("ffn_down"))?,
            output_norm: norm("layer_output_norm")?,
        })
    }

    fn forward(&self, hidden: &Tensor) -> Result<Tensor> {
        let attended = self.attention_output.forward(&self.attention(hidden)?)?;
        let hidden = self.attention_norm.forward(&(attended + hidden)?)?;
        let inner = self.up.forward(&hidden)?.gelu_erf()?;
        self.output_norm.forward(&(self.down.forward(&inner)? + hidden)?)
    }

    fn attention(&self, hidden: &Tensor) -> Result<Tensor> {
        let (sequences, tokens, width) = hidden.dims3()?;
        let split =
            |xs: Tensor| xs.reshape((sequences, tokens, self.heads, width / self.heads))?.transpose(1, 2)?.contiguous();
        let query = split(self.query.forward(hidden)?)?;
        let key = split(self.key.forward(hidden)?)?;
        let value = split(self.value.forward(hidden)?)?;
        let scores = (query.matmul(&key.t()?)? / ((width / self.heads) as f64).sqrt())?;
        let weights = candle_nn::ops::softmax(&scores, D::Minus1)?;
        weights.matmul(&value)?.transpose(1, 2)?.contiguous()?.flatten_from(D::Minus2)
    }
}
