//! Runs a fuzz target over files, without libFuzzer: `cargo run --example replay -- TARGET FILE_OR_FOLDER…`.

#[path = "../fuzz/src/lib.rs"]
#[allow(dead_code)]
mod fuzz;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let target = arguments.next().ok_or_else(|| io::Error::other("expected the name of a target, then files"))?;
    let mut left: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let (mut read, mut accepted) = (0, 0);
    while let Some(path) = left.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(path)? {
                left.push(entry?.path());
            }
            continue;
        }
        read += 1;
        accepted += usize::from(fuzz::run(&target, &fs::read(path)?));
    }
    println!("{accepted} of {read} inputs were accepted");
    Ok(())
}
