//! BERT as candle itself computes it, exported to JavaScript. Token ids in, logits or embeddings out.

mod quantized;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{Linear, Module, VarBuilder};
use candle_transformers::models::bert::{BertModel, Config};
use quantized::QuantizedBert;
use wasm_bindgen::prelude::{wasm_bindgen, JsError};

enum Trunk {
    /// candle's `BertModel`, in f32.
    Float(BertModel),
    /// The same network with `QMatMul` for its linear layers.
    Quantized(QuantizedBert),
}

/// A dense layer with tanh over `[CLS]`, then one logit.
struct Head<L> {
    dense: L,
    output: L,
}

impl<L: Module> Head<L> {
    fn logit(&self, hidden: &Tensor) -> Result<f32> {
        let first = hidden.narrow(1, 0, 1)?.squeeze(1)?;
        self.output.forward(&self.dense.forward(&first)?.tanh()?)?.flatten_all()?.get(0)?.to_scalar()
    }
}

/// A loaded model.
#[wasm_bindgen]
pub struct Bert {
    trunk: Trunk,
    head: Option<Box<dyn Fn(&Tensor) -> Result<f32>>>,
}

#[wasm_bindgen]
impl Bert {
    /// Loads `model.safetensors` and `config.json` in f32; with a head where the file has one.
    #[wasm_bindgen(js_name = loadFloat)]
    pub fn load_float(weights: Vec<u8>, config: &[u8]) -> std::result::Result<Bert, JsError> {
        let config: Config = serde_json::from_slice(config)?;
        Ok(Self::float(weights, &config)?)
    }

    /// Loads a GGUF file, its linear layers as they are stored; with a head where the file has one.
    #[wasm_bindgen(js_name = loadQuantized)]
    pub fn load_quantized(weights: Vec<u8>) -> std::result::Result<Bert, JsError> {
        let trunk = QuantizedBert::load(&weights)?;
        let head = trunk.head()?.map(|head| boxed(head));
        Ok(Self { trunk: Trunk::Quantized(trunk), head })
    }

    /// The logit of a pair, its segments told apart by `type_ids`.
    pub fn score(&self, ids: &[u32], type_ids: &[u32]) -> std::result::Result<f32, JsError> {
        let head = self.head.as_ref().ok_or_else(|| JsError::new("expected a cross-encoder, found no head"))?;
        Ok(head(&self.forward(ids, type_ids)?)?)
    }

    /// The embedding of a text: mean over its tokens, unit length.
    pub fn embed(&self, ids: &[u32]) -> std::result::Result<Vec<f32>, JsError> {
        Ok(mean_pooled(&self.forward(ids, &vec![0; ids.len()])?)?)
    }
}

impl Bert {
    fn float(weights: Vec<u8>, config: &Config) -> Result<Self> {
        let variables = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu)?;
        let trunk = BertModel::load(variables.clone(), config)?;
        let head = if variables.contains_tensor("classifier.weight") {
            let dense = candle_nn::linear(config.hidden_size, config.hidden_size, variables.pp("bert.pooler.dense"))?;
            let output: Linear = candle_nn::linear(config.hidden_size, 1, variables.pp("classifier"))?;
            Some(boxed(Head { dense, output }))
        } else {
            None
        };
        Ok(Self { trunk: Trunk::Float(trunk), head })
    }

    /// `[1, tokens, hidden]`.
    fn forward(&self, ids: &[u32], type_ids: &[u32]) -> Result<Tensor> {
        let ids = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
        let type_ids = Tensor::new(type_ids, &Device::Cpu)?.unsqueeze(0)?;
        match &self.trunk {
            Trunk::Float(model) => model.forward(&ids, &type_ids, None),
            Trunk::Quantized(model) => model.forward(&ids, &type_ids),
        }
    }
}

fn boxed<L: Module + 'static>(head: Head<L>) -> Box<dyn Fn(&Tensor) -> Result<f32>> {
    Box::new(move |hidden| head.logit(hidden))
}

fn mean_pooled(hidden: &Tensor) -> Result<Vec<f32>> {
    let mean = hidden.mean(1)?;
    mean.broadcast_div(&mean.sqr()?.sum_keepdim(1)?.sqrt()?)?.squeeze(0)?.to_vec1()
}
