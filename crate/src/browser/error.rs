//! Rust errors as JavaScript `Error` objects with `name` "DocsiftError" and a `code`.

use js_sys::Reflect;
#[cfg(feature = "models")]
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;

use crate::Error;

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let object = js_sys::Error::new(&error.to_string());
        object.set_name("DocsiftError");
        // Setting a property of a fresh, extensible object cannot fail.
        let _ = Reflect::set(&object, &"code".into(), &error.code().into());
        object.into()
    }
}

/// The text of whatever JavaScript threw.
#[cfg(feature = "models")]
pub(super) fn message(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => thrown.as_string().unwrap_or_else(|| format!("{thrown:?}")),
    }
}
