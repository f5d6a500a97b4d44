//! Which instructions 8-bit matrix products can be computed with, and which are in use.

use std::sync::atomic::{AtomicU8, Ordering};

use super::tile::Work;

/// How many bits a weight may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightBits {
    /// −127..=127.
    Eight,
    /// −63..=63, which allows a faster dot product on x86 without AVX-VNNI.
    Seven,
}

impl WeightBits {
    /// The greatest magnitude of a weight.
    pub const fn limit(self) -> i8 {
        match self {
            Self::Eight => 127,
            Self::Seven => 63,
        }
    }
}

/// How the 8-bit linear layers are computed. All give the same integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// Plain Rust over bytes.
    Portable,
    /// `i32x4.dot_i16x8` over weights and activations widened to 16 bits.
    #[cfg(target_arch = "wasm32")]
    Simd128,
    /// `i16x8.relaxed_dot_i8x16_i7x16`, then `i32x4.dot_i16x8` by ones.
    #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
    RelaxedDot,
    /// `i32x4.relaxed_dot_i8x16_i7x16_add`.
    #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
    RelaxedDotAdd,
    /// Two `i16x8.relaxed_dot_i8x16_i7x16` added in 16 bits, then `i32x4.dot_i16x8` by ones. Only for weights within
    /// −63..=63.
    #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
    RelaxedDotPair,
}

/// How a weight or an activation is laid in a 32-bit word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordLayout {
    /// Four 8-bit integers.
    Bytes,
    /// Two 16-bit integers.
    Words,
}

impl WordLayout {
    /// Words that hold `values` values of one row or column.
    pub const fn words(self, values: usize) -> usize {
        match self {
            Self::Bytes => values.div_ceil(4),
            Self::Words => values.div_ceil(2),
        }
    }
}

impl Instructions {
    /// All that this binary holds.
    pub const ALL: &'static [Self] = &[
        Self::Portable,
        #[cfg(target_arch = "wasm32")]
        Self::Simd128,
        #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
        Self::RelaxedDot,
        #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
        Self::RelaxedDotAdd,
        #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
        Self::RelaxedDotPair,
    ];

    /// The layout its operands must be packed in.
    pub const fn layout(self) -> WordLayout {
        match self {
            #[cfg(target_arch = "wasm32")]
            Self::Simd128 => WordLayout::Words,
            _ => WordLayout::Bytes,
        }
    }

    /// Whether it is right for weights that use all of −127..=127.
    pub const fn takes_eight_bits(self) -> bool {
        #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
        if matches!(self, Self::RelaxedDotPair) {
            return false;
        }
        true
    }
}

/// What [`tune`](super::tune()) chose for weights of 8 and of 7 bits, as indices into [`Instructions::ALL`].
static CHOSEN: [AtomicU8; 2] = [const { AtomicU8::new(UNTUNED) }; 2];
const UNTUNED: u8 = u8::MAX;

impl Instructions {
    /// What linear layers run with: the choice of [`tune`](super::tune()), or before it a form that is good on any CPU.
    pub fn active(bits: WeightBits) -> Self {
        let chosen = CHOSEN[bits as usize].load(Ordering::Relaxed);
        Self::ALL.get(usize::from(chosen)).copied().unwrap_or(Self::untuned(bits))
    }

    /// Makes linear layers with weights of `bits` run with these instructions.
    pub(super) fn choose(self, bits: WeightBits) {
        if let Some(index) = Self::ALL.iter().position(|form| *form == self) {
            CHOSEN[bits as usize].store(index as u8, Ordering::Relaxed);
        }
    }

    #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
    const fn untuned(bits: WeightBits) -> Self {
        match bits {
            WeightBits::Eight => Self::RelaxedDot,
            WeightBits::Seven => Self::RelaxedDotPair,
        }
    }
    #[cfg(all(target_arch = "wasm32", not(feature = "relaxed-simd")))]
    const fn untuned(_bits: WeightBits) -> Self {
        Self::Simd128
    }
    #[cfg(not(target_arch = "wasm32"))]
    const fn untuned(_bits: WeightBits) -> Self {
        Self::Portable
    }

    /// Runs `work` with the tile of these instructions.
    pub(super) fn run(self, work: impl Work) {
        match self {
            Self::Portable => work.run::<super::portable::Bytes>(),
            #[cfg(target_arch = "wasm32")]
            Self::Simd128 => work.run::<super::simd128::Words>(),
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedDot => super::relaxed::run::<super::relaxed::Dot>(work),
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedDotAdd => super::relaxed::run::<super::relaxed::DotAdd>(work),
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedDotPair => super::relaxed::run::<super::relaxed::DotPair>(work),
        }
    }
}
