//! Passage vectors in int8, searched exactly.
//!
//! A vector is stored as `v ≈ scale · q` with one f32 scale and q in −127..=127 (symmetric, rounded to nearest), a
//! quarter of its f32 size. Each component is off by at most scale / 2, so the dot product with a query is off by at
//! most [`rounding_bound`]; for unit vectors of 384 dimensions the error is in practice below 0.002. All rows lie end to
//! end and are read through by [`kernel::scan`](crate::kernel::scan()): 100,000 of 384 dimensions in a few
//! milliseconds, so there is no approximate structure to build or to tune.
//!
//! A part of kind `vectors` holds, after the header: dims (u32); number of passages (u32); for each one byte, 1 if it
//! has a vector, else 0; the scales (f32) of those that have, then their rows of `dims` bytes.

use super::bytes::damaged;
use super::manifest::Kind;
use crate::kernel::scan::{scan, Query};
use crate::Result;

/// The slot of a passage that has none.
const NONE: u32 = u32::MAX;

/// A vector in int8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoredVector<'a> {
    /// What a component is multiplied by.
    pub scale: f32,
    /// The components.
    pub row: &'a [i8],
}

/// Unit vectors by passage id.
#[derive(Debug, Default)]
pub struct VectorStore {
    /// 0 until the first vector.
    dims: usize,
    /// Row-major, `ids.len()` × `dims`.
    rows: Vec<i8>,
    scales: Vec<f32>,
    ids: Vec<u32>,
    /// By passage id, where its row is.
    slots: Vec<u32>,
}

impl VectorStore {
    /// An empty store of vectors of `dims` components.
    pub fn with_dims(dims: usize) -> Self {
        Self { dims, ..Self::default() }
    }

    /// Components of a vector; 0 when none was ever stored.
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The vector of a passage.
    pub fn get(&self, id: u32) -> Option<StoredVector<'_>> {
        let slot = self.slot(id)?;
        Some(StoredVector { scale: self.scales[slot], row: self.row(slot) })
    }

    fn slot(&self, id: u32) -> Option<usize> {
        self.slots.get(id as usize).filter(|&&slot| slot != NONE).map(|&slot| slot as usize)
    }

    fn row(&self, slot: usize) -> &[i8] {
        &self.rows[slot * self.dims..(slot + 1) * self.dims]
    }

    /// Makes room for `count` vectors more, of passages up to `last`.
    pub fn reserve(&mut self, count: usize, last: u32) {
        self.rows.reserve(count * self.dims);
        self.scales.reserve(count);
        self.ids.reserve(count);
        self.slots.reserve((last as usize + 1).saturating_sub(self.slots.len()));
    }

    /// Quantizes and stores a vector of [`VectorStore::dims`] finite components, in place of one the passage has.
    pub fn insert(&mut self, id: u32, vector: &[f32]) {
        let (scale, row) = quantize(vector);
        self.insert_stored(id, StoredVector { scale, row: &row });
    }

    /// Stores a vector already in int8.
    pub fn insert_stored(&mut self, id: u32, StoredVector { scale, row }: StoredVector) {
        assert_eq!(row.len(), self.dims, "a vector of other dims reached the store");
        match self.slot(id) {
            Some(slot) => {
                self.scales[slot] = scale;
                self.rows[slot * self.dims..(slot + 1) * self.dims].copy_from_slice(row);
            }
            None => {
                self.set_slot(id, self.ids.len());
                self.ids.push(id);
                self.scales.push(scale);
                self.rows.extend_from_slice(row);
            }
        }
    }

    fn set_slot(&mut self, id: u32, slot: usize) {
        if self.slots.len() <= id as usize {
            self.slots.resize(id as usize + 1, NONE);
        }
        self.slots[id as usize] = slot as u32;
    }

    fn take_slot(&mut self, id: u32) -> Option<usize> {
        let slot = self.slot(id)?;
        self.slots[id as usize] = NONE;
        Some(slot)
    }

    /// Gives the vector of passage `from`, if there is one, to passage `to`, which has none. Says whether it did.
    pub fn rename(&mut self, from: u32, to: u32) -> bool {
        let Some(slot) = self.take_slot(from) else { return false };
        self.ids[slot] = to;
        self.set_slot(to, slot);
        true
    }

    /// Removes a passage's vector, if there is one. The last row takes its place.
    pub fn remove(&mut self, id: u32) {
        let Some(slot) = self.take_slot(id) else { return };
        let last = self.ids.len() - 1;
        self.rows.copy_within(last * self.dims.., slot * self.dims);
        self.rows.truncate(last * self.dims);
        self.scales.swap_remove(slot);
        self.ids.swap_remove(slot);
        if let Some(&moved) = self.ids.get(slot) {
            self.set_slot(moved, slot);
        }
    }

    /// The cosine of every stored vector with `query`, a unit vector of [`VectorStore::dims`] components, in no
    /// particular order.
    pub fn cosines(&self, query: &[f32]) -> impl Iterator<Item = (u32, f32)> + '_ {
        assert_eq!(query.len(), self.dims, "a query of other dims reached the store");
        let query = Query::new(query);
        let mut cosines = Vec::with_capacity(self.len());
        let mut scales = self.scales.iter();
        scan(&query, &self.rows, |sum| {
            let scale = scales.next().map_or(0.0, |scale| scale * query.scale());
            cosines.push(sum as f32 * scale);
        });
        self.ids.iter().copied().zip(cosines)
    }
}

/// The most that the cosine of `query` with a vector stored at `scale` differs from the exact one, but for the rounding
/// of f32 and of the query to 16 bits.
pub fn rounding_bound(query: &[f32], scale: f32) -> f32 {
    0.5 * scale * query.iter().map(|x| x.abs()).sum::<f32>()
}

fn quantize(vector: &[f32]) -> (f32, Vec<i8>) {
    let largest = vector.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { scale.recip() } else { 0.0 };
    (scale, vector.iter().map(|x| (x * inverse).round() as i8).collect())
}

/// Writes a part: one item for each passage, none where it waits to be embedded.
pub(crate) fn encode(dims: usize, vectors: &[Option<StoredVector>]) -> Vec<u8> {
    let mut out = Kind::Vectors.header();
    out.reserve(8 + vectors.len() + vectors.iter().flatten().count() * (4 + dims));
    out.extend_from_slice(&(dims as u32).to_le_bytes());
    out.extend_from_slice(&(vectors.len() as u32).to_le_bytes());
    out.extend(vectors.iter().map(|vector| u8::from(vector.is_some())));
    for StoredVector { scale, .. } in vectors.iter().flatten() {
        out.extend_from_slice(&scale.to_le_bytes());
    }
    for StoredVector { row, .. } in vectors.iter().flatten() {
        out.extend_from_slice(bytemuck::cast_slice(row));
    }
    out
}

/// Reads a part of vectors of `dims` components.
pub(crate) fn decode(bytes: &[u8], dims: usize) -> Result<Vec<Option<StoredVector<'_>>>> {
    let mut reader = Kind::Vectors.open(bytes)?;
    let found = reader.u32("the dims")? as usize;
    if found != dims {
        return Err(damaged(&format!("expected vectors of {dims} dims, found {found}")));
    }
    let count = reader.u32("the number of passages")?;
    let marks = reader.take(u64::from(count), "the marks of embedded passages")?;
    if let Some(mark) = marks.iter().find(|&&mark| mark > 1 || (mark == 1 && dims == 0)) {
        return Err(damaged(&format!("a passage's mark is {mark} among vectors of {dims} dims")));
    }
    let embedded = marks.iter().filter(|&&mark| mark == 1).count() as u64;
    let scales = reader.take(embedded * 4, "the vectors' scales")?;
    let rows = reader.take(embedded.saturating_mul(dims as u64), "the vectors")?;
    reader.finish("the last vector")?;
    let mut stored = scales.as_chunks().0.iter().zip(rows.chunks_exact(dims.max(1)));
    let mut vectors = Vec::with_capacity(marks.len());
    for &mark in marks {
        let next = if mark == 1 { stored.next() } else { None };
        vectors.push(match next {
            None => None,
            Some((scale, row)) => {
                let scale = f32::from_le_bytes(*scale);
                if !scale.is_finite() || scale < 0.0 {
                    // As f64, which serde formats too: formatting f32 would be 3 kB more of the lexical binary.
                    let scale = f64::from(scale);
                    return Err(damaged(&format!("a vector's scale is {scale}, expected a number from 0")));
                }
                Some(StoredVector { scale, row: bytemuck::cast_slice(row) })
            }
        });
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(components: &[f32]) -> Vec<f32> {
        let norm = components.iter().map(|x| x * x).sum::<f32>().sqrt();
        components.iter().map(|x| x / norm).collect()
    }

    /// Unit vectors of normal-like components, as sentence embeddings have, without a random generator's dependency.
    fn spread(seed: u32, dims: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 - 0.5
        };
        unit(&(0..dims).map(|_| (0..6).map(|_| next()).sum()).collect::<Vec<f32>>())
    }

    #[test]
    fn cosines_of_384_dims_are_within_two_thousandths() {
        let mut store = VectorStore::with_dims(384);
        let vectors: Vec<_> = (0..200).map(|seed| spread(seed, 384)).collect();
        for (id, vector) in (0..).zip(&vectors) {
            store.insert(id, vector);
        }
        let mut worst = 0.0f32;
        for query in &vectors[..40] {
            for (id, cosine) in store.cosines(query) {
                let exact: f32 = query.iter().zip(&vectors[id as usize]).map(|(x, y)| x * y).sum();
                worst = worst.max((cosine - exact).abs());
            }
        }
        assert!(worst < 0.002, "{worst}");
    }

    #[test]
    fn rows_follow_their_ids() {
        let mut store = VectorStore::with_dims(2);
        for (id, vector) in [(5, [1.0, 0.0]), (6, [0.0, 1.0]), (7, [-1.0, 0.0])] {
            store.insert(id, &vector);
        }
        store.remove(5);
        store.remove(99);
        assert!(store.rename(7, 8));
        assert!(!store.rename(7, 9));
        store.insert(6, &[0.0, -1.0]);
        let mut cosines: Vec<_> = store.cosines(&[1.0, 0.0]).collect();
        cosines.sort_by_key(|hit| hit.0);
        assert_eq!(cosines.iter().map(|hit| hit.0).collect::<Vec<_>>(), [6, 8]);
        assert!(cosines[0].1 == 0.0 && (cosines[1].1 + 1.0).abs() < 1e-6);
        assert_eq!(store.get(6).unwrap().row, [0, -127]);
        assert_eq!((store.len(), store.get(7)), (2, None));
    }

    #[test]
    fn a_zero_vector_has_cosine_zero() {
        let mut store = VectorStore::with_dims(3);
        store.insert(0, &[0.0; 3]);
        for query in [[1.0, 0.0, 0.0], [0.0; 3]] {
            assert_eq!(store.cosines(&query).collect::<Vec<_>>(), [(0, 0.0)]);
        }
    }

    /// The int8 order against the f32 order of the same vectors.
    #[test]
    fn the_query_adds_nothing_to_the_rounding_of_the_rows() {
        let mut store = VectorStore::with_dims(384);
        for id in 0..300 {
            store.insert(id, &spread(id, 384));
        }
        let mut worst = 0.0f32;
        for seed in 1000..1020 {
            let query = spread(seed, 384);
            for (id, cosine) in store.cosines(&query) {
                let StoredVector { scale, row } = store.get(id).unwrap();
                let unrounded: f64 = query.iter().zip(row).map(|(x, &y)| f64::from(*x) * f64::from(y)).sum();
                worst = worst.max((f64::from(cosine) - f64::from(scale) * unrounded).abs() as f32);
            }
        }
        assert!(worst < 1e-5, "{worst}");
    }

    proptest! {
        #[test]
        fn the_rounding_bound_holds(
            (query, vector) in (1usize..80).prop_flat_map(|dims| {
                let components = prop::collection::vec(-1.0f32..1.0, dims);
                (components.clone(), components)
            })
        ) {
            prop_assume!(query.iter().any(|x| x.abs() > 1e-3) && vector.iter().any(|x| x.abs() > 1e-3));
            let (query, vector) = (unit(&query), unit(&vector));
            let mut store = VectorStore::with_dims(vector.len());
            store.insert(0, &vector);
            let exact: f32 = query.iter().zip(&vector).map(|(x, y)| x * y).sum();
            let (_, cosine) = store.cosines(&query).next().unwrap();
            let scale = store.get(0).unwrap().scale;
            prop_assert!((cosine - exact).abs() <= rounding_bound(&query, scale) + 1e-4);
        }
    }
}
