//! Fetches a file once: from the Cache API if it is there, else from the network; verified before it is used or kept.
//!
//! A file is kept under its URL with its revision and hash in the query, so another version never answers for this
//! one. The bytes stay in JavaScript's memory; only the hash is computed here, chunk by chunk.

use gloo_net::http::{Request, Response};
use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, Cache, CacheStorage, ReadableStreamDefaultReader, RequestCache, RequestRedirect,
    ResponseType, Url,
};

use super::error::message;
use crate::{Error, Result};

/// The cache all docsift files share on an origin. The number changes when the meaning of the keys does.
const CACHE_NAME: &str = "docsift-files-v1";

/// Pauses before the second and third attempt, in milliseconds.
const BACKOFF_MS: [u32; 2] = [300, 1500];

/// How long the network may send nothing before an attempt is given up. A slow one that sends is waited for.
const SILENCE_MS: u32 = 30_000;

/// What a file must be.
#[derive(Deserialize)]
struct Expected {
    sha256: Option<String>,
    bytes: Option<u32>,
    revision: Option<String>,
}

/// Why an attempt failed, and whether another may do better.
struct Failure {
    error: Error,
    again: bool,
}

/// Returns the bytes of `url`, verified against `expected` (`{sha256?, bytes?, revision?}`), and keeps them in the
/// browser's cache if `use_cache`. `on_progress(loaded, total)` is called as bytes arrive, `total` being 0 where
/// unknown. Up to three attempts; a file that fails verification is never returned and never kept, and where there is
/// no cache, or no room in it, the bytes are returned all the same.
///
/// # Errors
/// `download_failed` if the server cannot be reached or refuses; `integrity` if what it sends is not the file.
#[wasm_bindgen(js_name = fetchFile)]
pub async fn fetch_file(
    url: String,
    expected: JsValue,
    use_cache: bool,
    on_progress: Function,
) -> std::result::Result<Uint8Array, JsValue> {
    let expected: Expected = serde_wasm_bindgen::from_value(expected)
        .map_err(|error| Error::InvalidInput(format!("what to expect of {url}: {error}")))?;
    let cache = if use_cache { open_cache().await } else { None };
    let key = cache_key(&url, &expected);
    if let Some(cache) = &cache {
        if let Some(bytes) = take_cached(cache, &key, &expected).await {
            report(&on_progress, bytes.length(), bytes.length());
            return Ok(bytes);
        }
    }
    let mut pauses = BACKOFF_MS.iter();
    let mut reload = false;
    let bytes = loop {
        let failure = match fetch(&url, &expected, reload, &on_progress).await {
            Ok(bytes) => break bytes,
            Err(failure) => failure,
        };
        match pauses.next() {
            Some(pause) if failure.again => TimeoutFuture::new(*pause).await,
            _ => return Err(failure.error.into()),
        }
        // What came may sit in the HTTP cache: ask the server itself.
        reload = true;
    };
    if let Some(cache) = &cache {
        keep(cache, &url, &key, &bytes).await;
    }
    Ok(bytes)
}

async fn fetch(
    url: &str,
    expected: &Expected,
    reload: bool,
    on_progress: &Function,
) -> std::result::Result<Uint8Array, Failure> {
    let retry = |error| Failure { error, again: true };
    let mode = if reload { RequestCache::Reload } else { RequestCache::Default };
    let mut silence = Silence::new().map_err(|thrown| retry(Error::Download(message(&thrown))))?;
    let request = Request::get(url).cache(mode).redirect(redirect_of(url)).abort_signal(Some(&silence.signal()));
    let response = request.send().await.map_err(|error| {
        retry(silence.fault(url).unwrap_or_else(|| {
            Error::Download(format!("{url} could not be reached ({error}); check the address and the connection"))
        }))
    })?;
    if response.type_() == ResponseType::Opaqueredirect {
        let error = Error::Download(format!(
            "{url}: expected the file, the server redirects to another address; name the file's own address"
        ));
        return Err(Failure { error, again: false });
    }
    if !response.ok() {
        let status = response.status();
        let error = Error::Download(format!(
            "{url}: expected the file, the server answered {status} {}; check that it is deployed there",
            response.status_text()
        ));
        // The server may recover from these; any other refusal would only be repeated.
        return Err(Failure { error, again: status >= 500 || status == 408 || status == 429 });
    }
    let is_html = response.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    if is_html {
        return Err(retry(Error::Integrity(format!(
            "{url}: expected a data file, found an HTML page; is it deployed there?"
        ))));
    }
    let (bytes, digest) = read_body(&response, url, expected, &mut silence, on_progress).await.map_err(retry)?;
    verify(url, &bytes, &digest, expected).map_err(retry)?;
    Ok(bytes)
}

/// A file of the page's own origin comes from the address it was asked for, or not at all; `web/src/redirects.ts` says why.
fn redirect_of(url: &str) -> RequestRedirect {
    let own = Reflect::get(&js_sys::global(), &"origin".into()).ok().and_then(|origin| origin.as_string());
    let of_file = Url::new(url).ok().map(|url| url.origin());
    if of_file.is_some() && of_file == own {
        RequestRedirect::Manual
    } else {
        RequestRedirect::Follow
    }
}

/// Aborts an attempt once nothing has come for `SILENCE_MS`.
struct Silence {
    controller: AbortController,
    timer: Timeout,
}

impl Silence {
    fn new() -> std::result::Result<Self, JsValue> {
        let controller = AbortController::new()?;
        let timer = Self::timer(&controller);
        Ok(Self { controller, timer })
    }

    fn timer(controller: &AbortController) -> Timeout {
        let controller = controller.clone();
        Timeout::new(SILENCE_MS, move || controller.abort())
    }

    fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }

    /// Something has come.
    fn end(&mut self) {
        self.timer = Self::timer(&self.controller);
    }

    /// What is told of an attempt that failed because it was aborted.
    fn fault(&self, url: &str) -> Option<Error> {
        self.signal().aborted().then(|| {
            let seconds = SILENCE_MS / 1000;
            Error::Download(format!("{url}: no answer within {seconds} s; check the connection, and try again"))
        })
    }
}

/// Reads the body chunk by chunk into one array of JavaScript's memory, and hashes it on the way.
async fn read_body(
    response: &Response,
    url: &str,
    expected: &Expected,
    silence: &mut Silence,
    on_progress: &Function,
) -> Result<(Uint8Array, String)> {
    let broken = |thrown: JsValue| {
        Error::Download(format!(
            "{url}: the download broke off ({}); check the connection and try again",
            message(&thrown)
        ))
    };
    let announced = response.headers().get("content-length").and_then(|length| length.parse().ok());
    let total: u32 = expected.bytes.or(announced).unwrap_or(0);
    let mut hasher = Hasher::default();
    let chunks = Array::new();
    let mut loaded = 0;
    if let Some(stream) = response.body() {
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        loop {
            let step = JsFuture::from(reader.read()).await;
            let step = step.map_err(|thrown| silence.fault(url).unwrap_or_else(|| broken(thrown)))?;
            silence.end();
            if Reflect::get(&step, &"done".into()).map_err(broken)?.is_truthy() {
                break;
            }
            let chunk: Uint8Array = Reflect::get(&step, &"value".into()).map_err(broken)?.unchecked_into();
            hasher.update(&chunk);
            loaded += chunk.length();
            chunks.push(&chunk);
            report(on_progress, loaded, total.max(loaded));
            if expected.bytes.is_some_and(|bytes| loaded > bytes) {
                // More than the file has: no use in reading on.
                let _ = JsFuture::from(reader.cancel()).await;
                break;
            }
        }
    }
    let bytes = Uint8Array::new_with_length(loaded);
    let mut offset = 0;
    for chunk in chunks.iter() {
        let chunk: Uint8Array = chunk.unchecked_into();
        bytes.set(&chunk, offset);
        offset += chunk.length();
    }
    Ok((bytes, hasher.finish()))
}

fn verify(url: &str, bytes: &Uint8Array, digest: &str, expected: &Expected) -> Result<()> {
    if let Some(length) = expected.bytes.filter(|length| *length != bytes.length()) {
        return Err(Error::Integrity(format!(
            "{url}: expected {length} bytes, found {}; deploy the file that the manifest describes",
            bytes.length()
        )));
    }
    if let Some(sha256) = expected.sha256.as_deref().filter(|sha256| !sha256.eq_ignore_ascii_case(digest)) {
        return Err(Error::Integrity(format!(
            "{url}: expected sha256 {sha256}, found {digest}; deploy the file that the manifest describes"
        )));
    }
    Ok(())
}

/// SHA-256 of bytes that live in JavaScript's memory. `crypto.subtle` is absent on plain http, and takes a file only
/// whole.
#[derive(Default)]
struct Hasher {
    sha: Sha256,
    buffer: Vec<u8>,
}

impl Hasher {
    fn update(&mut self, chunk: &Uint8Array) {
        const PIECE: u32 = 64 * 1024;
        for start in (0..chunk.length()).step_by(PIECE as usize) {
            let piece = chunk.subarray(start, (start + PIECE).min(chunk.length()));
            self.buffer.resize(piece.length() as usize, 0);
            piece.copy_to(&mut self.buffer);
            self.sha.update(&self.buffer);
        }
    }

    fn finish(self) -> String {
        self.sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn report(on_progress: &Function, loaded: u32, total: u32) {
    // A listener that throws must not end a download.
    let _ = on_progress.call2(&JsValue::NULL, &loaded.into(), &total.into());
}

fn cache_key(url: &str, expected: &Expected) -> String {
    let part = |value: &Option<String>| value.clone().unwrap_or_default();
    let query = if url.contains('?') { '&' } else { '?' };
    format!("{url}{query}docsift={}.{}", part(&expected.revision), part(&expected.sha256))
}

/// The cache, or none where the page has no Cache API (insecure contexts, some private modes).
async fn open_cache() -> Option<Cache> {
    let storage = Reflect::get(&js_sys::global(), &"caches".into()).ok()?;
    let storage: CacheStorage = storage.dyn_into().ok()?;
    JsFuture::from(storage.open(CACHE_NAME)).await.ok()?.dyn_into().ok()
}

/// The kept bytes, if they are still what they were; a damaged entry is dropped.
async fn take_cached(cache: &Cache, key: &str, expected: &Expected) -> Option<Uint8Array> {
    let response = JsFuture::from(cache.match_with_str(key)).await.ok()?;
    let response: web_sys::Response = response.dyn_into().ok()?;
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    let bytes = Uint8Array::new(&buffer);
    let mut hasher = Hasher::default();
    hasher.update(&bytes);
    if verify(key, &bytes, &hasher.finish(), expected).is_err() {
        let _ = JsFuture::from(cache.delete_with_str(key)).await;
        return None;
    }
    Some(bytes)
}

/// Keeps the bytes and drops other versions of the same file. Failing to (no room, say) costs only a later download.
async fn keep(cache: &Cache, url: &str, key: &str, bytes: &Uint8Array) {
    if let Ok(keys) = JsFuture::from(cache.keys()).await {
        for request in Array::from(&keys).iter() {
            let Ok(request) = request.dyn_into::<web_sys::Request>() else { continue };
            let kept = request.url();
            let same_file =
                kept.rsplit_once("docsift=").is_some_and(|(head, _)| head.trim_end_matches(['?', '&']) == url);
            if same_file && kept != key {
                let _ = JsFuture::from(cache.delete_with_request(&request)).await;
            }
        }
    }
    let put = || -> std::result::Result<Promise, JsValue> {
        let response = web_sys::Response::new_with_opt_js_u8_array(Some(bytes))?;
        Ok(cache.put_with_str(key, &response))
    };
    if let Ok(promise) = put() {
        let _ = JsFuture::from(promise).await;
    }
}
