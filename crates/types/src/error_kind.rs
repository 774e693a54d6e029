//! What a caller may do about an error.

/// What a caller may do about an error of any of our crates that talk to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The same call may succeed later: somebody is away, late or behind.
    Retry,
    /// The world is no longer what the caller assumed: look at it again and start over.
    Reset,
    /// Configuration, data or code is wrong; trying again cannot help.
    Fatal,
}
