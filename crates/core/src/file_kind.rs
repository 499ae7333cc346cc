//! What a path names that is neither a file nor a folder.

use std::fs::FileType;

/// What something is that cannot be read as a file is, or only once: "a named pipe", "a socket", "a
/// device"; none for files, folders and links.
///
/// # Examples
/// ```
/// let kind = std::fs::metadata(std::env::temp_dir())?.file_type();
/// assert_eq!(longmem_core::special_kind(kind), None);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn special_kind(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    let _ = kind;
    None
}
