//! Inputs and comparisons for the kernel tests.

/// A small generator with a fixed sequence: the same inputs on every machine.
pub struct Noise(pub u64);

impl Noise {
    /// The next value in −1..1.
    pub fn next(&mut self) -> f32 {
        // Knuth's MMIX constants; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32) / 8_388_608.0 - 1.0
    }

    /// `count` values in −scale..scale.
    pub fn fill(&mut self, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| self.next() * scale).collect()
    }
}

/// The representations, so that results can be compared to the bit, NaN included.
pub fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// FNV-1a over the representations. A constant in a test says that the result is the same on every machine.
pub fn checksum(values: &[f32]) -> u64 {
    let bytes = values.iter().flat_map(|v| v.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
