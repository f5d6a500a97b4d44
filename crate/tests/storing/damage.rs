//! Files and parts that are cut short, damaged or forged.

use docsift::index::format;
use docsift::index::manifest::{Part, MAX_PART_BYTES};
use proptest::sample::Index;

use super::*;

#[track_caller]
fn refusal(bytes: &[u8], model: &str) -> String {
    let error = Collection::from_bytes(bytes, model).unwrap_err();
    assert_eq!(error.code(), "invalid_index");
    error.to_string()
}

#[test]
fn a_file_names_what_is_wrong_with_it() {
    let bytes = help().to_bytes("test").unwrap();
    assert!(refusal(&bytes, "model-b").contains("expected vectors of model \"model-b\", found those of \"model-a\""));
    assert!(refusal(b"", MODEL).contains("expected 16 bytes, found 0: it is cut short"));
    assert!(refusal(b"<!doctype html>\n<html>", MODEL).contains("is it an index?"));
    let last = refusal(&bytes[..bytes.len() - 1], MODEL);
    assert!(last.contains("ends within part \"texts.") && last.contains("cut short"), "{last}");
    let longer = [&bytes[..], b"\0"].concat();
    assert!(refusal(&longer, MODEL).contains("after the last part"));
    let mut newer = bytes.clone();
    newer[8] = 9;
    assert!(refusal(&newer, MODEL).contains("expected format version 2, found 9"));
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(refusal(&flipped, MODEL).contains("is damaged: expected SHA-256"));
    flipped = bytes.clone();
    flipped[40] ^= 1;
    assert!(refusal(&flipped, MODEL).contains("SHA-256 of the manifest"));
    // The same format, but one of its parts alone.
    let (_, parts) = export(&help(), PartSizes::DEFAULT);
    assert!(refusal(&parts[0].1, MODEL).contains("expected bytes of kind \"file\", found kind 1 (documents)"));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = help().to_bytes("test").unwrap();
    for end in 0..bytes.len() {
        assert!(refusal(&bytes[..end], MODEL).contains("cut short"), "cut at {end}");
    }
}

/// Sizes that the bytes do not bear out must not be allocated: 2⁶³ bytes would end the process.
#[test]
fn announced_sizes_are_compared_with_the_bytes_there_are() {
    let collection = help();
    let (manifest, parts) = export(&collection, PartSizes::DEFAULT);
    let mut huge = format::head(&manifest).unwrap();
    huge[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refusal(&huge, MODEL).contains("expected 4294967295 bytes"));
    let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for (position, (_, bytes)) in parts.iter().enumerate() {
        for at in 16..bytes.len().min(40) {
            let mut forged = parts.clone();
            forged[position].1.splice(at..at + 1, most);
            assert!(Collection::from_bytes(&signed(&manifest, &forged), MODEL).is_err(), "part {position} at {at}");
        }
    }
    let mut claims = manifest.clone();
    claims.passages = u32::MAX;
    claims.parts.vectors[0].count = u32::MAX;
    assert!(refusal(&signed(&claims, &parts), MODEL).contains("expected 4294967295"));
}

/// Each of its passages takes twelve bytes, and would take a megabyte if it had the heading to itself.
#[test]
fn a_heading_that_passages_share_is_there_once() {
    const PASSAGES: u32 = 200_000;
    let heading = "x".repeat(1 << 20);
    let json = br#"[{"id": "d", "title": "T"}]"#;
    let header = |kind: u8| [b"docsift\0\x02\0\0\0", &[kind, 0, 0, 0][..]].concat();
    let documents = [
        &header(1)[..],
        &varint(json.len() as u64),
        json,
        &varint(0),
        &varint(PASSAGES.into()),
        &[0, 0, 0, 2],
        &varint(heading.len() as u64),
        heading.as_bytes(),
        &[0; 9],
        &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0].repeat(PASSAGES as usize - 1),
    ];
    let lexical = [&header(2)[..], &[3], &varint(PASSAGES.into()), &[0]];
    let marks = vec![0; PASSAGES as usize];
    let vectors = [&header(3)[..], &0u32.to_le_bytes(), &PASSAGES.to_le_bytes(), &marks];
    let texts = [&header(4)[..], &[1, 0]];
    let mut manifest = export(&lived(&[Step::Put(0, 4)]), PartSizes::DEFAULT).0;
    let Manifest { passages, parts: Parts { lexical: postings, vectors: rows, .. }, .. } = &mut manifest;
    (*passages, postings[0].count, rows[0].count) = (PASSAGES, PASSAGES, PASSAGES);
    let part = manifest.parts.texts[0].part.clone();
    let parts = [documents.concat(), lexical.concat(), vectors.concat(), texts.concat()];
    let read = Collection::from_bytes(&signed(&manifest, &parts.map(|bytes| (part.clone(), bytes))), MODEL).unwrap();
    let (_, last) = read.passage(PASSAGES - 1).unwrap();
    assert_eq!(last.heading.as_deref().map(str::len), Some(heading.len()));
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Twenty thousand vectors of 25 MB would take half a terabyte; there is none of them.
#[test]
fn room_is_made_only_for_vectors_that_are_there() {
    let mut collection = Collection::new(MODEL.into());
    let documents = (0..10).map(|n| document(&format!("d{n}"), "T", &"# a\n\nb\n\n".repeat(2000)));
    collection.add(documents.collect(), false, &count_tokens).unwrap();
    let (mut manifest, mut parts) = export(&collection, PartSizes::DEFAULT);
    let dims = MAX_PART_BYTES as u32 - 1;
    manifest.model.dims = dims;
    parts[2].1[16..20].copy_from_slice(&dims.to_le_bytes());
    let read = Collection::from_bytes(&signed(&manifest, &parts), MODEL).unwrap();
    assert_eq!((read.counts().embedded, read.counts().passages), (0, collection.counts().passages));
    read.to_bytes("test").unwrap();
}

/// A title is read with each of the passages.
#[test]
fn a_title_is_no_longer_than_one_that_is_added() {
    let (manifest, mut parts) = export(&lived(&[Step::Put(0, 0)]), PartSizes::DEFAULT);
    // The length of the JSON is a varint of one byte.
    let (head, rest) = parts[0].1.split_at(17);
    let (json, passages) = rest.split_at(head[16].into());
    let json = String::from_utf8(json.to_vec()).unwrap().replace("Password", &"x".repeat(2001));
    parts[0].1 = [&head[..16], &varint(json.len() as u64), json.as_bytes(), passages].concat();
    assert!(refusal(&signed(&manifest, &parts), MODEL)
        .contains("\"title\": expected at most 2000 bytes of UTF-8, found 2001"));
}

/// A file with these parts, whatever they hold, and hashes that agree.
fn signed(manifest: &Manifest, parts: &[NamedPart]) -> Vec<u8> {
    let mut manifest = manifest.clone();
    let mut rest = parts.iter();
    let Parts { documents, lexical, vectors, texts } = &mut manifest.parts;
    for (kind, ranges) in [("documents", documents), ("lexical", lexical), ("vectors", vectors), ("texts", texts)] {
        for range in ranges {
            let bytes = &rest.next().unwrap().1;
            let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            let file = format!("{kind}.{}.bin", &sha256[..16]);
            range.part = Part { file, bytes: bytes.len() as u64, sha256 };
        }
    }
    let mut file = format::head(&manifest).unwrap();
    parts.iter().for_each(|(_, bytes)| file.extend_from_slice(bytes));
    file
}

#[test]
fn a_part_that_is_not_the_one_announced_changes_nothing() {
    let (manifest, parts) = export(&help(), TINY);
    let mut opened = open(&manifest, &parts, 0);
    let before = scores(&opened);
    for (position, (part, bytes)) in parts.iter().enumerate() {
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 4;
        let another = parts[(position + 1) % parts.len()].1.clone();
        for wrong in [flipped, bytes[..bytes.len() - 1].to_vec(), another, Vec::new()] {
            let late = part.file.starts_with("vectors") || part.file.starts_with("texts");
            let error = if late {
                opened.add_part(&part.file, &wrong).unwrap_err()
            } else {
                assert!(!opened.add_part(&part.file, &wrong).unwrap());
                let mut parts = parts.clone();
                parts[position].1 = wrong;
                try_open(&manifest, &parts, 0).unwrap_err()
            };
            assert_eq!(error.code(), "invalid_index");
            assert!(error.to_string().contains(&part.file), "{error}");
        }
    }
    assert_eq!(scores(&opened), before);
    add(&mut opened, &parts, "");
    assert_eq!(answers(&opened), answers(&help()));
    assert!(!opened.add_part("texts.0000000000000000.bin", b"not listed").unwrap());
    assert_eq!(
        try_open(&manifest, &parts[1..], 0).unwrap_err().to_string(),
        Error::Download(parts[0].0.file.clone()).to_string()
    );
}

#[test]
fn a_manifest_must_add_up() {
    let (manifest, _) = export(&help(), TINY);
    let good = serde_json::to_value(&manifest).unwrap();
    let other_name = json!("texts.0123456789abcdef.bin");
    for (pointer, value, needle) in [
        ("/format", json!("tantivy"), "expected a manifest of format"),
        ("/version", json!(3), "expected format version 2, found 3"),
        ("/documents", json!(5), "expected 5"),
        ("/embedded", json!(5000), "5000 vectors"),
        ("/model/dims", json!(0), "of 0 dims"),
        ("/model/dims", json!(MAX_PART_BYTES), "as many as a part holds"),
        ("/parts/texts/1/first", json!(0), "begins at 0"),
        ("/parts/vectors/0/count", json!(0), "begins at 0"),
        ("/parts/vectors/0/file", other_name, "expected \"vectors."),
        ("/parts/lexical/0/count", json!(1000), "expected 1000"),
        ("/parts/lexical/0/sha256", json!("ABC"), "64 hex digits"),
        ("/parts/lexical/0/bytes", json!(MAX_PART_BYTES), "expected less than"),
        ("/parts/texts", json!("none"), "expected parts to have a list \"texts\""),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let error = Manifest::parse(bad.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code(), "invalid_index");
        assert!(error.to_string().contains(needle), "{pointer}: {error}");
    }
    assert!(Manifest::parse(b"<!doctype html>").unwrap_err().to_string().contains("is it an index.json?"));
}

#[test]
fn documents_that_repeat_an_id_are_refused() {
    let (manifest, mut parts) = export(&lived(&[Step::Put(0, 0), Step::Put(1, 0)]), PartSizes::DEFAULT);
    let bytes = &mut parts[0].1;
    let second = bytes.windows(4).position(|four| four == b"\"d1\"").unwrap();
    bytes[second + 2] = b'0';
    assert!(refusal(&signed(&manifest, &parts), MODEL).contains("document \"d0\" is there twice"));
}

#[test]
fn a_document_too_large_for_a_part_is_named() {
    let mut collection = Collection::new(MODEL.into());
    let mut large = document("large", "T", "");
    large.extra.insert("blob".into(), "x".repeat(MAX_PART_BYTES as usize).into());
    collection.add(vec![document("small", "T", "B"), large], false, &count_tokens).unwrap();
    let error = collection.to_parts("test").unwrap_err();
    assert_eq!(error.code(), "invalid_input");
    assert!(error.to_string().contains("document \"large\": its fields take"), "{error}");
}

proptest! {
    #[test]
    fn a_damaged_file_is_refused(steps in steps(14), place in any::<Index>(), bit in 0u8..8) {
        let mut bytes = lived(&steps).to_bytes("test").unwrap();
        let cut = place.index(bytes.len());
        prop_assert!(Collection::from_bytes(&bytes[..cut], MODEL).is_err());
        bytes[cut] ^= 1 << bit;
        prop_assert!(Collection::from_bytes(&bytes, MODEL).is_err());
    }

    /// Past the hashes: parts signed anew after the damage may be read or refused, but nothing panics.
    #[test]
    fn forged_parts_do_not_panic(
        steps in steps(14),
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), any::<u8>()), 1..4),
        cut in prop::option::of((any::<Index>(), any::<Index>())),
    ) {
        let (manifest, mut parts) = export(&lived(&steps), PartSizes::DEFAULT);
        if !parts.is_empty() {
            for (part, place, byte) in changes {
                let bytes = &mut parts[part.index(manifest.all_parts().count())].1;
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Some((part, place)) = cut {
                let bytes = &mut parts[part.index(manifest.all_parts().count())].1;
                bytes.truncate(place.index(bytes.len()));
            }
        }
        if let Ok(mut read) = Collection::from_bytes(&signed(&manifest, &parts), MODEL) {
            let _ = read.retrieve("reset", Some(&embed("q")), &Options::new(5));
            let _ = read.retrieve("reset", None, &Options::new(5));
            read.pending(10);
            read.remove(&["d0".into()]);
            read.to_bytes("test").unwrap();
        }
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Collection::from_bytes(&bytes, MODEL).is_err());
        prop_assert!(Manifest::parse(&bytes).is_err());
    }
}
