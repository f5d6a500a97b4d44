//! Many int8 rows against one query: the scan of the vector index.
//!
//! The query is quantized to 16 bits, as many as keep every sum within i32 whatever the rows hold. The sums are then
//! exact integers, the same whatever computes them, and the query's rounding (2⁻¹⁶ of its greatest component) is lost
//! beside that of the rows (2⁻⁸). At 384 dimensions a row is six cache lines and is read once: the scan is bound by
//! memory, so one form in `simd128` serves both binaries.

/// Rows computed together, so that the query is read from memory once for all of them.
const ROWS: usize = 4;

/// A query in 16 bits: `x ≈ scale · q`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    values: Vec<i16>,
    scale: f32,
}

impl Query {
    /// Quantizes a vector of finite components.
    pub fn new(vector: &[f32]) -> Self {
        let greatest = vector.iter().fold(0.0f32, |greatest, x| greatest.max(x.abs()));
        let limit = limit(vector.len());
        let factor = if greatest < f32::MIN_POSITIVE { 0.0 } else { limit / greatest };
        Self { values: vector.iter().map(|x| (x * factor).round() as i16).collect(), scale: greatest / limit }
    }

    /// The components.
    pub fn values(&self) -> &[i16] {
        &self.values
    }

    /// What a component is multiplied by.
    pub fn scale(&self) -> f32 {
        self.scale
    }
}

/// The greatest magnitude of a query's component: `dims · 128 · limit` is within i32.
fn limit(dims: usize) -> f32 {
    let limit = i32::MAX as usize / (128 * dims.max(1));
    limit.min(i16::MAX as usize) as f32
}

/// How a few rows are multiplied with the query.
pub trait Dots {
    /// The dot product of `query` with each row; all have its length.
    fn dots<const R: usize>(query: &[i16], rows: [&[i8]; R]) -> [i32; R];
}

/// In plain Rust.
pub struct Portable;

impl Dots for Portable {
    #[inline(always)]
    fn dots<const R: usize>(query: &[i16], rows: [&[i8]; R]) -> [i32; R] {
        rows.map(|row| query.iter().zip(row).map(|(&q, &x)| i32::from(q) * i32::from(x)).sum())
    }
}

/// Hands out the dot product of `query` with every row of `rows`, row-major with the query's width, in order.
pub fn scan(query: &Query, rows: &[i8], each: impl FnMut(i32)) {
    #[cfg(all(target_arch = "wasm32", feature = "kernels"))]
    scan_with::<super::simd128::Rows>(query, rows, each);
    #[cfg(not(all(target_arch = "wasm32", feature = "kernels")))]
    scan_with::<Portable>(query, rows, each);
}

/// [`scan`] by a given implementation.
pub fn scan_with<D: Dots>(query: &Query, rows: &[i8], mut each: impl FnMut(i32)) {
    let query = query.values();
    if query.is_empty() {
        return;
    }
    let mut groups = rows.chunks_exact(ROWS * query.len());
    for group in &mut groups {
        let rows = std::array::from_fn(|row| &group[row * query.len()..(row + 1) * query.len()]);
        D::dots::<ROWS>(query, rows).into_iter().for_each(&mut each);
    }
    for row in groups.remainder().chunks_exact(query.len()) {
        let [sum] = D::dots(query, [row]);
        each(sum);
    }
}
