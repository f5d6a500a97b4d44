//! The register tile: up to 4 rows × 8 columns of a matrix product, the loop in which nearly all time is spent.
//!
//! Both operands are sequences of 32-bit words. A word holds a group of consecutive values of the inner dimension: four
//! bytes or two 16-bit integers, little endian. A panel of weights holds, group after group, one word for each of its 8
//! columns; a block of activations holds, group after group, one word for each of its rows. The inner loop reads both
//! straight through: two vector loads for the columns, one broadcast load per row.
//!
//! Four rows × eight columns are 8 vector accumulators, which with the operands fill the 16 registers of x86 without
//! spilling; taller tiles measured slower in V8 (5 rows: −9 %, 6 rows: −7 % with `RelaxedDot`; −40 %, −32 % with
//! `RelaxedDotAdd`: LLVM loads all rows before the products, which then spill). Twelve rows × four columns do not spill and
//! are 9 % faster alone with AVX-VNNI, whose additions wait five cycles for one another; fifty passages took as long with
//! them as with these (1,171 and 1,175 ms).

/// Columns of a tile, and of a weight panel.
pub const COLUMNS: usize = 8;
/// Rows of a full tile; the last tile of a block may have fewer.
pub const ROWS: usize = 4;

/// One way to compute a tile.
pub trait Tile {
    /// Writes the `R × 8` sums over the groups of `weights` (`groups × 8` words) and `activations` (`groups × R` words).
    fn compute<const R: usize>(weights: &[u32], activations: &[u32], sums: &mut [[i32; COLUMNS]; R]);
}

/// Loops that compute tiles. Generic over the tile and not over a function, so that they are compiled together with it: a
/// call for each tile cost 4 % of a layer.
pub(super) trait Work {
    /// Does it.
    fn run<T: Tile>(self);
}
