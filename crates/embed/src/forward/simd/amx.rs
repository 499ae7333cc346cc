//! Products of bf16 in the tiles of AMX, which Intel's processors for servers have since 2023: one
//! instruction adds the products of 16 × 32 and 32 × 16 numbers to 16 × 16 sums.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;

use super::lane::Bf16Pair;
use super::tile::{Panels, Tile};

/// Number of rows that are multiplied at once: those of two tiles.
pub(super) const ROWS: usize = 2 * TILE_ROWS;

/// Number of rows of a tile of activations, and of one of weights.
const TILE_ROWS: usize = 16;

/// Whether the processor has the instructions, and the system lets this process use them.
pub(super) fn is_available() -> bool {
    // AMX-BF16 and AMX-TILE, as "Intel 64 and IA-32 Architectures Software Developer's Manual" numbers
    // them.
    let features = __cpuid_count(7, 0).edx;
    features & (1 << 22) != 0 && features & (1 << 24) != 0 && is_permitted()
}

/// Asks Linux for the memory that each thread's tiles are kept in while others run.
#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: the call takes two numbers, and allows the threads of this process to use the tiles.
    let answer =
        unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) };
    answer == 0
}

#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}

/// What LDTILECFG reads: the sizes of the tiles.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    unused: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// Multiplies a tile of at most [`ROWS`] rows.
///
/// # Safety
/// The instructions are [available](is_available).
pub(super) unsafe fn multiply(tile: Tile<'_, Bf16Pair>) {
    let Tile { a, first, b, start, out, .. } = tile;
    out.fill(*start);
    let (whole, rest) = b.as_chunks();
    // SAFETY: they are available.
    unsafe { add(a, 0, first, whole, out) };
    if !rest.is_empty() {
        // The end of `b` is filled up with zeros: what `a` has there counts nothing.
        let mut filled = [[Bf16Pair::default(); 32]; TILE_ROWS];
        filled[..rest.len()].copy_from_slice(rest);
        // SAFETY: as above.
        unsafe { add(a, whole.len(), first, &[filled], out) };
    }
}

/// Adds the products of some rows of `a`, from a panel on, with as many panels as `b` has tiles.
///
/// # Safety
/// The instructions are [available](is_available).
unsafe fn add(
    a: Panels<'_, Bf16Pair>,
    panel: usize,
    first: usize,
    b: &[[[Bf16Pair; 32]; TILE_ROWS]],
    out: &mut [[f32; 32]],
) {
    if b.is_empty() {
        return;
    }
    let rows = out.len();
    assert!((1..=ROWS).contains(&rows) && first + rows <= a.rows(), "the rows are rows of `a`");
    let lanes = a.panels(panel..panel + b.len());
    // Sums of the upper and the lower rows, left and right; upper and lower rows of `a`; left and right
    // columns of `b`.
    let (upper, lower) = (rows.min(TILE_ROWS) as u8, rows.saturating_sub(TILE_ROWS) as u8);
    let all = TILE_ROWS as u8;
    let mut configuration = Configuration {
        palette: 1,
        start_row: 0,
        unused: [0; 14],
        row_bytes: [0; 16],
        rows: [0; 16],
    };
    configuration.rows[..8].copy_from_slice(&[upper, upper, lower, lower, upper, lower, all, all]);
    for (bytes, rows) in configuration.row_bytes.iter_mut().zip(configuration.rows) {
        *bytes = if rows == 0 { 0 } else { 64 };
    }
    // SAFETY: the instructions are available. What is read and written are `rows`
    // rows of `lanes` from `first` on in each panel, all of `b`, and all of `out`: of a tile without rows
    // nothing. The tiles are free before and after.
    unsafe {
        asm!(
            "ldtilecfg [{configuration}]",
            "tileloadd tmm0, [{out} + {columns} * 1]",
            "tileloadd tmm1, [{out} + {columns} * 1 + 64]",
            "test {lower:e}, {lower:e}",
            "jz 2f",
            "tileloadd tmm2, [{out} + {columns} * 1 + 2048]",
            "tileloadd tmm3, [{out} + {columns} * 1 + 2112]",
            "2:",
            "tileloadd tmm6, [{b} + {columns} * 1]",
            "tileloadd tmm7, [{b} + {columns} * 1 + 64]",
            "tileloadd tmm4, [{a} + {lanes} * 1]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "test {lower:e}, {lower:e}",
            "jz 3f",
            "tileloadd tmm5, [{a} + {lanes} * 1 + 1024]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "3:",
            "add {a}, {panel}",
            "add {b}, 2048",
            "dec {panels}",
            "jnz 2b",
            "tilestored [{out} + {columns} * 1], tmm0",
            "tilestored [{out} + {columns} * 1 + 64], tmm1",
            "test {lower:e}, {lower:e}",
            "jz 4f",
            "tilestored [{out} + {columns} * 1 + 2048], tmm2",
            "tilestored [{out} + {columns} * 1 + 2112], tmm3",
            "4:",
            "tilerelease",
            configuration = in(reg) &raw const configuration,
            out = in(reg) out.as_mut_ptr(),
            a = inout(reg) lanes[first..].as_ptr() => _,
            b = inout(reg) b.as_ptr() => _,
            panels = inout(reg) b.len() => _,
            panel = in(reg) a.rows() * size_of::<[Bf16Pair; 16]>(),
            columns = in(reg) size_of::<[f32; 32]>(),
            lanes = in(reg) size_of::<[Bf16Pair; 16]>(),
            lower = in(reg) u32::from(lower),
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
