//! Which of the instructions are fastest here: measured, because it depends on the CPU.

use super::instructions::{Instructions, WeightBits, WordLayout};
use super::tile::{Tile, Work, COLUMNS, ROWS};

/// Inner dimension of the tile that is timed: operands of 4.5 KiB (9 KiB in 16 bits) stay in any first-level cache.
const DEPTH: usize = 384;
/// Tiles between two looks at the clock: 10 to 100 µs.
const TILES: usize = 64;
/// How long one form is timed before it is the next one's turn, in milliseconds. Browsers' clocks advance in steps of up
/// to 0.1.
const TURN: f64 = 1.0;
/// Times the forms that this binary's packed weights allow, makes the linear layers run with the fastest, and returns the
/// rates in 10⁹ multiply-accumulates per second.
///
/// `now` is a clock in milliseconds (`performance.now()`), `budget` how many milliseconds to take: 25 are enough. Engines
/// run new code unoptimised at first, four times slower and with another winner, so the forms take turns until the budget
/// is used up; each keeps its best turn, so that a busy machine does not decide either.
///
/// On x86 `RelaxedDotAdd` is one instruction where there is AVX-VNNI, and is spelt out in four elsewhere: there
/// `RelaxedDot` wins.
pub fn tune(now: impl Fn() -> f64, budget: f64) -> Vec<(Instructions, f64)> {
    let layout = Instructions::active(WeightBits::Eight).layout();
    let mut rates: Vec<(Instructions, f64)> = Instructions::ALL
        .iter()
        .filter(|form| form.layout() == layout && (Instructions::ALL.len() == 1 || **form != Instructions::Portable))
        .map(|form| (*form, 0.0))
        .collect();
    let operands = Operands::new(layout);
    let start = now();
    while now() - start < budget {
        for (form, best) in &mut rates {
            *best = operands.rate(*form, &now).max(*best);
        }
    }
    for bits in [WeightBits::Eight, WeightBits::Seven] {
        let able = rates.iter().filter(|(form, _)| bits == WeightBits::Seven || form.takes_eight_bits());
        if let Some((fastest, _)) = able.max_by(|a, b| a.1.total_cmp(&b.1)) {
            fastest.choose(bits);
        }
    }
    rates
}

/// What is multiplied.
struct Operands {
    weights: Vec<u32>,
    activations: Vec<u32>,
}

impl Operands {
    fn new(layout: WordLayout) -> Self {
        let words = layout.words(DEPTH);
        Self { weights: vec![0x0101_0101; words * COLUMNS], activations: vec![0x0101_0101; words * ROWS] }
    }

    /// The rate of `form` over one turn.
    fn rate(&self, form: Instructions, now: &impl Fn() -> f64) -> f64 {
        let (start, mut tiles) = (now(), 0);
        loop {
            // A call each time: unoptimised code is replaced when it is called, not while it loops.
            form.run(Repeated(self));
            tiles += TILES;
            let elapsed = now() - start;
            if elapsed >= TURN {
                return (tiles * DEPTH * COLUMNS * ROWS) as f64 / elapsed / 1e6;
            }
        }
    }
}

/// One tile over and over.
struct Repeated<'a>(&'a Operands);

impl Work for Repeated<'_> {
    #[inline(always)]
    fn run<T: Tile>(self) {
        let mut sums = [[0; COLUMNS]; ROWS];
        for _ in 0..TILES {
            T::compute(&self.0.weights, &self.0.activations, &mut sums);
            std::hint::black_box(&mut sums);
        }
    }
}
