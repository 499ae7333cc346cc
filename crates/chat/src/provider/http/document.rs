//! A request that is answered with one small JSON document.

use serde::Serialize;
use serde_json::Value;

use super::HttpClient;
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
        let mut response = self.send(self.client.post(url).json(body)).await?;
        let document = self.whole(&mut response).await?;
        serde_json::from_slice(&document).map_err(|error| ProviderError::Interrupted {
            endpoint: self.endpoint.clone(),
            partial: String::new(),
            reason: error.to_string(),
        })
    }
}
