//! How does a query become ranked hits? A [`collection`] holds what was added, [`retrieve`] finds candidates in it, in
//! the order that [`fuse`] gives them.

pub mod collection;
pub mod fuse;
pub mod retrieve;
