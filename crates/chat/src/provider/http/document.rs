//! A request that is answered with one small JSON document.

use serde::Serialize;
use serde_json::Value;

use super::{HttpClient, with_sources};
use crate::ProviderError;

impl HttpClient {
    /// Sends a body to another path of the server and reads the document that it answers with. `path`
    /// makes it of the path that answers are asked at.
    pub(in crate::provider) async fn document(
        &self,
        path: impl FnOnce(&str) -> String,
        body: &(impl Serialize + Sync),
    ) -> Result<Value, ProviderError> {
        let mut url = self.url.clone();
        url.set_path(&path(self.url.path()));
        let request = self.client.post(url).headers(self.headers.clone()).json(body);
        let response = request.send().await.map_err(|source| ProviderError::Unreachable {
            endpoint: self.endpoint.clone(),
            source: source.without_url().into(),
        })?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let broke_off = |reason| ProviderError::Interrupted {
            endpoint: self.endpoint.clone(),
            partial: String::new(),
            reason,
        };
        let bytes = response
            .bytes()
            .await
            .map_err(|error| broke_off(with_sources(&error.without_url())))?;
        serde_json::from_slice(&bytes).map_err(|error| broke_off(error.to_string()))
    }
}
