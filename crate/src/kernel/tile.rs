//! The register tile: up to 4 rows × 8 columns of a matrix product, the loop in which nearly all time is spent.
//!
//! Both operands are sequences of 32-bit words. A word holds a group of consecutive values of the inner dimension: four
//! bytes or two 16-bit integers, little endian. A panel of weights holds, group after group, one word for each of its 8
//! columns; a block of activations holds, group after group, one word for each of its rows. The inner loop reads both
//! straight through: two vector loads for the columns, one broadcast load per row.
//!
//! Four rows × eight columns are 8 vector accumulators, which with the operands fill the 16 registers of x86 without
//! spilling; taller tiles measured slower in V8 (5 rows: −9 %, 6 rows: −7 % with `RelaxedDot`; −40 %, −32 % with
//! `RelaxedDotAdd`).

use std::sync::atomic::{AtomicU8, Ordering};

/// Columns of a tile, and of a weight panel.
pub const COLUMNS: usize = 8;
/// Rows of a full tile; the last tile of a block may have fewer.
pub const ROWS: usize = 4;

/// One way to compute a tile.
pub trait Tile {
    /// Writes the `R × 8` sums over the groups of `weights` (`groups × 8` words) and `activations` (`groups × R` words).
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]);
}

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

/// What [`tune`] chose for weights of 8 and of 7 bits, as indices into [`Instructions::ALL`].
static CHOSEN: [AtomicU8; 2] = [const { AtomicU8::new(UNTUNED) }; 2];
const UNTUNED: u8 = u8::MAX;

impl Instructions {
    /// What linear layers run with: the choice of [`tune`], or before it a form that is good on any CPU.
    pub fn active(bits: WeightBits) -> Self {
        let chosen = CHOSEN[bits as usize].load(Ordering::Relaxed);
        Self::ALL.get(usize::from(chosen)).copied().unwrap_or(Self::untuned(bits))
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

    /// Computes one tile of 8-bit operands packed in [`layout`](Self::layout).
    #[inline(always)]
    pub(super) fn compute<const R: usize>(self, weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]) {
        match self {
            Self::Portable => super::portable::Bytes::compute::<R>(weights, activations, sums),
            #[cfg(target_arch = "wasm32")]
            Self::Simd128 => super::simd128::Words::compute::<R>(weights, activations, sums),
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedDot => super::relaxed::Dot::compute::<R>(weights, activations, sums),
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedDotAdd => super::relaxed::DotAdd::compute::<R>(weights, activations, sums),
            #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
            Self::RelaxedDotPair => super::relaxed::DotPair::compute::<R>(weights, activations, sums),
        }
    }
}

/// Inner dimension of the tile that is timed: operands of 4.5 KiB (9 KiB in 16 bits) stay in any first-level cache.
const TIMED_DEPTH: usize = 384;
/// Tiles between two looks at the clock: 0.1 to 1 ms.
const TIMED_TILES: usize = 512;

/// Times every form this binary holds and keeps the fastest for the linear layers.
///
/// `now` is a clock in milliseconds (`performance.now()`); `budget` is how long to measure, in milliseconds. The forms
/// take turns and each keeps its best time, so that neither a busy machine nor the engine's late optimisation of one
/// form decides. V8 needs some milliseconds of running before it optimises: give it 20 or more. Returns the rates in
/// 10⁹ multiply-accumulates per second.
///
/// Which relaxed form wins depends on the CPU: on one with AVX-VNNI `RelaxedDotAdd` is one instruction, elsewhere on
/// x86 the engine spells it out in four.
pub fn tune(now: impl Fn() -> f64, budget: f64) -> Vec<(Instructions, f64)> {
    // The portable form is a reference, never a candidate where there is another.
    let candidates = if Instructions::ALL.len() > 1 { &Instructions::ALL[1..] } else { Instructions::ALL };
    let weights = vec![0x0101_0101; TIMED_DEPTH / 2 * COLUMNS];
    let activations = vec![0x0101_0101; TIMED_DEPTH / 2 * ROWS];
    let mut least = vec![f64::INFINITY; candidates.len()];
    let start = now();
    while now() - start < budget {
        for (form, least) in candidates.iter().zip(&mut least) {
            *least = least.min(time(*form, &weights, &activations, &now));
        }
    }
    let work = (TIMED_TILES * TIMED_DEPTH * COLUMNS * ROWS) as f64;
    let rates: Vec<_> = candidates.iter().zip(least).map(|(form, ms)| (*form, work / ms / 1e6)).collect();
    for bits in [WeightBits::Eight, WeightBits::Seven] {
        let best = rates
            .iter()
            .filter(|(form, _)| form.layout() == Instructions::untuned(bits).layout())
            .filter(|(form, _)| bits == WeightBits::Seven || form.takes_eight_bits())
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some(index) = best.and_then(|best| Instructions::ALL.iter().position(|form| *form == best.0)) {
            CHOSEN[bits as usize].store(index as u8, Ordering::Relaxed);
        }
    }
    rates
}

/// Milliseconds for [`TIMED_TILES`] tiles. Not less than the clock can show.
fn time(form: Instructions, weights: &[u32], activations: &[u32], now: &impl Fn() -> f64) -> f64 {
    let groups = form.layout().words(TIMED_DEPTH);
    let mut sums = [[0; COLUMNS]; ROWS];
    let start = now();
    for _ in 0..TIMED_TILES {
        form.compute(&weights[..groups * COLUMNS], &activations[..groups * ROWS], &mut sums);
        std::hint::black_box(&mut sums);
    }
    (now() - start).max(1e-3)
}
