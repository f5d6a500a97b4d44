//! How does a query become ranked hits? A [`collection`] holds what was added [`storing`] keeps it and [`opening`]
//! opens it again; [`retrieve`] finds candidates in it, in the order that [`fuse`] gives them.

pub mod collection;
pub mod fuse;
pub mod opening;
pub mod retrieve;
pub mod storing;
