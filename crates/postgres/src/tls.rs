//! How what goes to a server is encrypted, and what is checked of who answers: `sslmode` and
//! `sslrootcert` as libpq reads them.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, ring::default_provider, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore,
    SignatureScheme,
};
use rustls_platform_verifier::Verifier as SystemVerifier;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// In the place of a file with certificates: those that the operating system trusts.
const SYSTEM: &str = "system";

/// How connections are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encryption {
    mode: SslMode,
    checks: Checks,
    /// A file with certificates of issuers who are trusted; those of the operating system without it.
    roots: Option<PathBuf>,
}

/// What is checked of the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checks {
    /// Nothing: nobody listens, but anybody may answer.
    Nothing,
    /// That somebody issued it who is trusted.
    Issuer,
    /// That, too, and that it is for the host that was called.
    IssuerAndName,
}

impl Encryption {
    /// None at all.
    pub(crate) const OFF: Self =
        Self { mode: SslMode::Disable, checks: Checks::Nothing, roots: None };

    /// Reads the settings `sslmode` and `sslrootcert`. Without them, a connection to this very machine is
    /// not encrypted, and for any other the certificate must be right.
    ///
    /// # Errors
    /// In words, for a mode that there is not.
    pub(crate) fn choose(
        mode: Option<&str>,
        root_certificate: Option<&str>,
        is_local: bool,
    ) -> Result<Self, String> {
        let roots = root_certificate.filter(|name| *name != SYSTEM).map(PathBuf::from);
        let (mode, checks) = match mode {
            None if is_local => (SslMode::Disable, Checks::Nothing),
            Some("disable") => (SslMode::Disable, Checks::Nothing),
            Some("prefer") => (SslMode::Prefer, Checks::Nothing),
            // libpq checks the issuer in this mode, too, where it knows of issuers.
            Some("require") if root_certificate.is_some() => (SslMode::Require, Checks::Issuer),
            Some("require") => (SslMode::Require, Checks::Nothing),
            Some("verify-ca") => (SslMode::Require, Checks::Issuer),
            None | Some("verify-full") => (SslMode::Require, Checks::IssuerAndName),
            Some(other) => {
                return Err(format!(
                    "sslmode is disable, prefer, require, verify-ca or verify-full, not \"{other}\""
                ));
            }
        };
        Ok(Self { mode, checks, roots })
    }

    pub(crate) fn mode(&self) -> SslMode {
        self.mode
    }

    /// What a person should know of it, in a few words.
    pub(crate) fn described(&self) -> &'static str {
        match (self.mode, self.checks) {
            (SslMode::Disable, _) => "not encrypted",
            (SslMode::Prefer, _) => "encrypted if the server can, whoever answers",
            (_, Checks::Nothing) => "encrypted, whoever answers",
            (_, Checks::Issuer) => "encrypted, the certificate's issuer checked",
            (_, Checks::IssuerAndName) => "encrypted, the certificate checked",
        }
    }

    /// What encrypts connections; none if they are not encrypted.
    ///
    /// # Errors
    /// In words, if the certificates of issuers cannot be read.
    pub(crate) fn connector(&self) -> Result<Option<MakeRustlsConnect>, String> {
        if self.mode == SslMode::Disable {
            return Ok(None);
        }
        let provider = Arc::new(default_provider());
        let (issuers, own) = match (self.checks, &self.roots) {
            (Checks::Nothing, _) => (None, Vec::new()),
            (_, None) => (Some(system_verifier(&provider)?), Vec::new()),
            (_, Some(file)) => {
                let certificates = certificates(file)?;
                (Some(verifier(&certificates, &provider, file)?), certificates)
            }
        };
        let verifier =
            ServerVerifier { issuers, own, checks: self.checks, provider: Arc::clone(&provider) };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Some(MakeRustlsConnect::new(config)))
    }
}

/// The verifier of the operating system.
fn system_verifier(provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let verifier = SystemVerifier::new(Arc::clone(provider));
    Ok(Arc::new(verifier.map_err(|error| {
        format!(
            "there are no certificates of the operating system to check the server's: {error}; \
             sslrootcert names a file with them"
        )
    })?))
}

/// The certificates in a file of PEM.
fn certificates(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |reason: String| {
        format!("sslrootcert names {}, which cannot be read: {reason}", file.display())
    };
    let pem = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable("it holds no certificate in PEM".to_owned()));
    }
    Ok(certificates)
}

/// A verifier that trusts these issuers.
fn verifier(
    certificates: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
    file: &std::path::Path,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    let built = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
    built.build().map(|verifier| verifier as Arc<dyn ServerCertVerifier>).map_err(|error| {
        format!("sslrootcert names {}, whose certificates cannot be used: {error}", file.display())
    })
}

/// Checks as much of a server's certificate as `sslmode` asks for. That the server holds the
/// certificate's key is checked always.
#[derive(Debug)]
struct ServerVerifier {
    /// Who knows the issuers; nobody if nothing is checked.
    issuers: Option<Arc<dyn ServerCertVerifier>>,
    /// Certificates that may also be the server's own: a server that signed its certificate itself has no
    /// other issuer. They are trusted beyond their last day.
    own: Vec<CertificateDer<'static>>,
    checks: Checks,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(issuers) = &self.issuers else { return Ok(ServerCertVerified::assertion()) };
        if self.own.contains(end_entity) {
            if self.checks == Checks::IssuerAndName {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            }
            return Ok(ServerCertVerified::assertion());
        }
        let checked =
            issuers.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match checked {
            // The name is looked at after the issuer, so that nothing else is wrong.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.checks == Checks::Issuer => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(mode: Option<&str>, roots: Option<&str>, is_local: bool) -> (SslMode, Checks) {
        let encryption = Encryption::choose(mode, roots, is_local).unwrap();
        (encryption.mode, encryption.checks)
    }

    #[test]
    fn another_machine_is_checked_unless_something_else_is_asked_for() {
        assert_eq!(chosen(None, None, true), (SslMode::Disable, Checks::Nothing));
        assert_eq!(chosen(None, None, false), (SslMode::Require, Checks::IssuerAndName));
        let verified = chosen(Some("verify-full"), Some("ca.pem"), true);
        assert_eq!(verified, (SslMode::Require, Checks::IssuerAndName));
        assert_eq!(chosen(Some("verify-ca"), None, true), (SslMode::Require, Checks::Issuer));
    }

    #[test]
    fn require_checks_the_issuer_where_issuers_are_known() {
        assert_eq!(chosen(Some("require"), None, false), (SslMode::Require, Checks::Nothing));
        let known = chosen(Some("require"), Some("ca.pem"), false);
        assert_eq!(known, (SslMode::Require, Checks::Issuer));
    }

    #[test]
    fn what_there_is_not_is_said() {
        let error = Encryption::choose(Some("allow"), None, true).unwrap_err();
        assert!(error.contains("\"allow\""), "{error}");
        let missing = Encryption::choose(None, Some("/nowhere/ca.pem"), false).unwrap();
        let error = missing.connector().map(drop).unwrap_err();
        assert!(error.contains("/nowhere/ca.pem"), "{error}");
    }
}
