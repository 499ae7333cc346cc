//! A unix socket that only this account reaches.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use longmem_core::private_files::make_folder;
use tokio::net::{UnixListener, UnixStream};

use crate::listen::ServeError;
use crate::who_listens::is_longmem;

/// A socket at a path; its file is deleted when it is dropped.
#[derive(Debug)]
pub(crate) struct UnixSocket {
    pub(crate) listener: UnixListener,
    path: PathBuf,
    /// The file's number, by which it is known that nobody replaced it.
    inode: u64,
}

impl UnixSocket {
    /// Makes a socket for this account alone, in a folder for it alone, which is made if there is none. The
    /// file of a server that is gone is replaced.
    ///
    /// # Errors
    /// [`ServeError`] if a server is there, if something else stands there, or if others may enter the folder.
    pub(crate) async fn bind(path: &Path) -> Result<Self, ServeError> {
        let at = path.display().to_string();
        let refused = |source| ServeError::Refused { at: at.clone(), source };
        let path = std::path::absolute(path).map_err(refused)?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        make_folder(folder).map_err(refused)?;
        let mode = fs_err::metadata(folder).map_err(refused)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(ServeError::OpenFolder { folder: folder.to_owned(), mode });
        }
        make_room(&path, &at).await?;
        let listener = UnixListener::bind(&path).map_err(refused)?;
        let only_owner = std::fs::Permissions::from_mode(0o600);
        fs_err::set_permissions(&path, only_owner).map_err(refused)?;
        let inode = fs_err::symlink_metadata(&path).map_err(refused)?.ino();
        Ok(Self { listener, path, inode })
    }
}

/// Deletes the file of a server that is gone.
async fn make_room(path: &Path, at: &str) -> Result<(), ServeError> {
    let refused = |source| ServeError::Refused { at: at.to_owned(), source };
    match fs_err::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused(error)),
        Ok(there) if !there.file_type().is_socket() => {
            return Err(ServeError::NoSocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(stream) => {
            let is_longmem = is_longmem(std::future::ready(Ok(stream)), "localhost").await;
            Err(ServeError::InUse { at: at.to_owned(), is_longmem })
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs_err::remove_file(path).map_err(refused)
        }
        Err(error) => Err(refused(error)),
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        let is_ours = |there: std::fs::Metadata| there.ino() == self.inode;
        if fs_err::symlink_metadata(&self.path).is_ok_and(is_ours) {
            // The next server replaces it otherwise.
            let _ = fs_err::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn the_socket_is_for_its_owner_and_goes_with_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("longmem.sock");
        let socket = UnixSocket::bind(&path).await.unwrap();
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn the_file_of_a_dead_server_is_replaced_and_that_of_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let path = folder.path().join("longmem.sock");
        // The standard library leaves the file there.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let live = UnixSocket::bind(&path).await.unwrap();
        let answering = async {
            let (mut stream, _) = live.listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"server\":\"longmem\"}").await.unwrap();
        };
        let (refused, ()) = tokio::join!(UnixSocket::bind(&path), answering);
        let said = refused.unwrap_err().to_string();
        assert!(said.starts_with("another server of longmem listens at"), "{said}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn open_folders_and_other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("longmem.sock");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let said = UnixSocket::bind(&path).await.unwrap_err().to_string();
        assert!(said.contains("(mode 0755); 0700 is expected"), "{said}");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(&path, "notes").unwrap();
        let error = UnixSocket::bind(&path).await.unwrap_err();
        assert!(matches!(error, ServeError::NoSocket(_)), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
    }
}
