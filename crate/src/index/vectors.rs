//! Passage vectors in int8, searched exactly.
//!
//! A vector is stored as `v ≈ scale · q` with one f32 scale and q in −127..=127 (symmetric, rounded to nearest), a
//! quarter of its f32 size. Each component is off by at most scale / 2, so the dot product with a query is off by at
//! most [`rounding_bound`]; for unit vectors of 384 dimensions the error is in practice below 0.002. A scan of every row
//! is a few milliseconds for tens of thousands of passages, so there is no approximate structure to build or to tune.

use std::collections::HashMap;

/// Partial sums kept by [`dot`], which LLVM maps to SIMD lanes. A single sum would have to be added in order.
const LANES: usize = 16;

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
    slots: HashMap<u32, usize>,
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
        let slot = *self.slots.get(&id)?;
        Some(StoredVector { scale: self.scales[slot], row: self.row(slot) })
    }

    fn row(&self, slot: usize) -> &[i8] {
        &self.rows[slot * self.dims..(slot + 1) * self.dims]
    }

    /// Quantizes and stores a vector of [`VectorStore::dims`] finite components, in place of one the passage has.
    pub fn insert(&mut self, id: u32, vector: &[f32]) {
        let (scale, row) = quantize(vector);
        self.insert_stored(id, StoredVector { scale, row: &row });
    }

    /// Stores a vector already in int8.
    pub fn insert_stored(&mut self, id: u32, StoredVector { scale, row }: StoredVector) {
        assert_eq!(row.len(), self.dims, "a vector of other dims reached the store");
        match self.slots.get(&id) {
            Some(&slot) => {
                self.scales[slot] = scale;
                self.rows[slot * self.dims..(slot + 1) * self.dims].copy_from_slice(row);
            }
            None => {
                self.slots.insert(id, self.ids.len());
                self.ids.push(id);
                self.scales.push(scale);
                self.rows.extend_from_slice(row);
            }
        }
    }

    /// Gives the vector of passage `from`, if there is one, to passage `to`, which has none. Says whether it did.
    pub fn rename(&mut self, from: u32, to: u32) -> bool {
        let Some(slot) = self.slots.remove(&from) else { return false };
        self.ids[slot] = to;
        self.slots.insert(to, slot);
        true
    }

    /// Removes a passage's vector, if there is one. The last row takes its place.
    pub fn remove(&mut self, id: u32) {
        let Some(slot) = self.slots.remove(&id) else { return };
        let last = self.ids.len() - 1;
        self.rows.copy_within(last * self.dims.., slot * self.dims);
        self.rows.truncate(last * self.dims);
        self.scales.swap_remove(slot);
        self.ids.swap_remove(slot);
        if let Some(&moved) = self.ids.get(slot) {
            self.slots.insert(moved, slot);
        }
    }

    /// The cosine of every stored vector with `query`, a unit vector of [`VectorStore::dims`] components, in no
    /// particular order.
    pub fn cosines<'a>(&'a self, query: &'a [f32]) -> impl Iterator<Item = (u32, f32)> + 'a {
        assert_eq!(query.len(), self.dims, "a query of other dims reached the store");
        self.ids
            .iter()
            .zip(&self.scales)
            .enumerate()
            .map(|(slot, (&id, &scale))| (id, scale * dot(query, self.row(slot))))
    }
}

/// The most that the cosine of `query` with a vector stored at `scale` differs from the exact one.
pub fn rounding_bound(query: &[f32], scale: f32) -> f32 {
    0.5 * scale * query.iter().map(|x| x.abs()).sum::<f32>()
}

fn quantize(vector: &[f32]) -> (f32, Vec<i8>) {
    let largest = vector.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { scale.recip() } else { 0.0 };
    (scale, vector.iter().map(|x| (x * inverse).round() as i8).collect())
}

fn dot(query: &[f32], row: &[i8]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (query_lanes, row_lanes) = (query.chunks_exact(LANES), row.chunks_exact(LANES));
    let rest = query_lanes.remainder().iter().zip(row_lanes.remainder());
    let rest: f32 = rest.map(|(&x, &y)| x * f32::from(y)).sum();
    for (x, y) in query_lanes.zip(row_lanes) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * f32::from(y[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest
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
        assert_eq!(cosines, [(6, 0.0), (8, -1.0)]);
        assert_eq!(store.get(6).unwrap().row, [0, -127]);
        assert_eq!((store.len(), store.get(7)), (2, None));
    }

    #[test]
    fn a_zero_vector_has_cosine_zero() {
        let mut store = VectorStore::with_dims(3);
        store.insert(0, &[0.0; 3]);
        assert_eq!(store.cosines(&[1.0, 0.0, 0.0]).collect::<Vec<_>>(), [(0, 0.0)]);
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
            prop_assert!((cosine - exact).abs() <= rounding_bound(&query, scale) + 1e-5);
        }
    }
}
