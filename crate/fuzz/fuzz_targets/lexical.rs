#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    docsift_fuzz::run("lexical", bytes);
});
