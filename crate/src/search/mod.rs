//! How does a query become ranked hits? A [`collection`] holds what was added; [`storing`] keeps it and [`opening`] opens
//! it again. [`retrieve`] finds candidates in it, in the order that [`fuse`] gives them, among the documents that
//! [`filter`] lets through and with what [`boost`] adds. [`facets`] counts what was found, [`explain`] tells why something
//! was not. What a caller asks is read by [`options`]; what the models read of the query is put right by [`spelling`].

pub mod boost;
pub mod collection;
pub mod explain;
pub mod facets;
pub mod filter;
pub mod fuse;
pub mod opening;
pub mod options;
pub mod retrieve;
pub mod spelling;
pub mod storing;
