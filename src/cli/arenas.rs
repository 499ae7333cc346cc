//! How glibc's allocator shares memory out among threads.

#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "the allocator is told through C only")
)]

/// Lets all threads use as many arenas as there are cores. A server does its work on many threads in
/// turn. glibc would make eight arenas a core for them, and each keeps what was freed in it, so that the
/// process would grow for hours. Call it before there are other threads.
pub(crate) fn share() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // SAFETY: it takes two numbers, and no other thread is there yet.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, cores as libc::c_int) };
    }
}
