//! The int8 linear layer as a candle custom op, for models built from candle tensors.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Shape, Tensor};

use super::linear::{LinearScratch, PackedLinear};

/// `x · Wᵀ + b` by [`PackedLinear`], on tensors of any rank whose last dimension is the layer's input.
#[derive(Clone, Debug)]
pub struct Int8Linear {
    weights: Arc<PackedLinear>,
    /// Custom ops are shared and called by reference, so their buffers need a lock; it is never contended.
    scratch: Arc<Mutex<LinearScratch>>,
}

impl Int8Linear {
    /// Wraps packed weights.
    pub fn new(weights: PackedLinear) -> Self {
        Self { weights: Arc::new(weights), scratch: Arc::default() }
    }

    /// Applies the layer to a contiguous f32 tensor.
    ///
    /// # Errors
    /// If the last dimension is not the layer's input, or the tensor is not contiguous f32 on the CPU.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.apply_op1_no_bwd(self)
    }
}

impl CustomOp1 for Int8Linear {
    fn name(&self) -> &'static str {
        "int8-linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        match dims.last_mut() {
            Some(last) if *last == self.weights.inputs() => *last = self.weights.outputs(),
            _ => candle_core::bail!(
                "int8-linear: found a tensor of shape {dims:?}, expected the last dimension to be {}",
                self.weights.inputs()
            ),
        }
        let CpuStorage::F32(values) = storage else {
            candle_core::bail!("int8-linear: found a tensor of {:?}, expected {:?}", storage.dtype(), DType::F32)
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!(
                "int8-linear: found a strided tensor, expected a contiguous one: call contiguous() first"
            )
        };
        let shape = Shape::from(dims);
        let mut out = vec![0.0; shape.elem_count()];
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        self.weights.forward(&values[start..end], &mut out, &mut scratch);
        Ok((CpuStorage::F32(out), shape))
    }
}
