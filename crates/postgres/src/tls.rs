//! How what goes to a server is encrypted.

use std::sync::Arc;

use longmem_store::{Result, StoreError};
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Whether a connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Not at all.
    Off,
    /// Always, with a certificate that the operating system trusts.
    Verified,
}

impl Encryption {
    /// Reads the settings `sslmode` and `sslrootcert`. Without them, a connection to this very machine
    /// is not encrypted, and any other is.
    pub(crate) fn choose(
        mode: Option<&str>,
        _root_certificate: Option<&str>,
        is_local: bool,
    ) -> std::result::Result<Self, String> {
        match mode {
            None if is_local => Ok(Self::Off),
            Some("disable") => Ok(Self::Off),
            None | Some("require" | "verify-full") => Ok(Self::Verified),
            Some(other) => Err(format!(
                "sslmode is \"disable\", \"require\" or \"verify-full\", not \"{other}\""
            )),
        }
    }

    pub(crate) fn mode(&self) -> SslMode {
        match self {
            Self::Off => SslMode::Disable,
            Self::Verified => SslMode::Require,
        }
    }

    /// What encrypts connections; none if they are not encrypted.
    pub(crate) fn connector(&self) -> Result<Option<MakeRustlsConnect>> {
        if *self == Self::Off {
            return Ok(None);
        }
        let failed = |error: rustls::Error| StoreError::File(std::io::Error::other(error));
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map_err(failed)?
            .with_no_client_auth();
        Ok(Some(MakeRustlsConnect::new(config)))
    }
}
