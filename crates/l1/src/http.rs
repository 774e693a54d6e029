//! HTTP with TLS.

/// A client whose TLS is computed by `ring` and whose roots are the system's.
///
/// The `aws-lc` that reqwest would bring takes longer to compile than anything else we depend on.
pub fn http_client() -> reqwest::ClientBuilder {
    // An error says that the process has a provider already, which reqwest takes as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
