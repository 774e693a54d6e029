//! The services that feed the lanes, one module a lane.

pub(crate) mod op;
pub(crate) mod tee;
