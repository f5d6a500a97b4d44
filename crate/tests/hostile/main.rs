//! The short form of fuzzing, which needs no more than `cargo test`: what the fuzz targets do with every kept input, and
//! with some thousands of damaged ones. The long form is `node scripts/fuzz.mjs`.

#[path = "../../fuzz/src/lib.rs"]
#[allow(dead_code)]
mod fuzz;
mod models;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// Damaged inputs for each target.
const CASES: u32 = 1000;

/// Names and bytes of the inputs in a folder, in order; none if there is no such folder.
fn inputs(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// A change to an input: most that a fuzzer finds, it finds by these.
#[derive(Debug, Clone)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    /// Bytes in place of others, such as a length that is announced but not there.
    Put(Index, Vec<u8>),
    /// Bytes from one place once more at another.
    Repeat(Index, Index, Index),
    Remove(Index, Index),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |place: &Index, bytes: &[u8]| place.index(bytes.len() + 1);
        match self {
            _ if bytes.is_empty() => {}
            Self::Flip(place, bit) => {
                let place = place.index(bytes.len());
                bytes[place] ^= 1 << bit;
            }
            Self::Cut(place) => bytes.truncate(at(place, bytes)),
            Self::Put(place, new) => {
                let start = at(place, bytes);
                let end = bytes.len().min(start + new.len());
                bytes.splice(start..end, new.iter().copied());
            }
            Self::Repeat(from, to, place) => {
                let (from, to) = (at(from, bytes), at(to, bytes));
                let copied = bytes[from.min(to)..from.max(to)].to_vec();
                let place = at(place, bytes);
                bytes.splice(place..place, copied);
            }
            Self::Remove(from, to) => {
                let (from, to) = (at(from, bytes), at(to, bytes));
                bytes.drain(from.min(to)..from.max(to));
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let number = prop_oneof![
        Just(0u64),
        Just(1),
        Just(0x7f),
        Just(0xff),
        Just(0xffff),
        Just(0x7fff_ffff),
        Just(0xffff_ffff),
        Just(1 << 32),
        Just(1 << 62),
        Just(u64::MAX),
        any::<u64>(),
    ];
    let bytes = (number, 0u8..6).prop_map(|(number, form)| match form {
        0 => vec![number as u8],
        1 => (number as u16).to_le_bytes().to_vec(),
        2 => (number as u32).to_le_bytes().to_vec(),
        3 => number.to_le_bytes().to_vec(),
        4 => number.to_string().into_bytes(),
        _ => {
            let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
            (0..groups).map(|at| (number >> (7 * at)) as u8 & 0x7f | u8::from(at + 1 < groups) << 7).collect()
        }
    });
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), 0u8..8).prop_map(|(place, bit)| Damage::Flip(place, bit)),
        1 => place().prop_map(Damage::Cut),
        6 => (place(), bytes).prop_map(|(place, bytes)| Damage::Put(place, bytes)),
        1 => (place(), place(), place()).prop_map(|(from, to, place)| Damage::Repeat(from, to, place)),
        1 => (place(), place()).prop_map(|(from, to)| Damage::Remove(from, to)),
    ]
}

fn check(target: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let seeds = inputs(&folder.join("seeds").join(target));
    assert!(!seeds.is_empty(), "no seeds; `cargo run --example seeds` writes them");
    for (file, bytes) in &seeds {
        assert!(fuzz::run(target, bytes), "{} is refused; `cargo run --example seeds` writes it anew", file.display());
    }
    for (file, bytes) in inputs(&folder.join("found").join(target)) {
        println!("{}", file.display());
        fuzz::run(target, &bytes);
    }
    let damaged = (any::<Index>(), prop::collection::vec(damage(), 1..5)).prop_map(|(seed, damages)| {
        let mut bytes = seed.get(&seeds).1.clone();
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        bytes
    });
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    TestRunner::new(config)
        .run(&damaged, |bytes| {
            fuzz::run(target, &bytes);
            Ok(())
        })
        .unwrap();
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn no_target_is_left_out() {
            let names: Vec<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

targets! { gguf safetensors config tokenizer manifest documents lexical vectors texts index }
