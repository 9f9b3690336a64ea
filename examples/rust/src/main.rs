//! Solves a chunk of the gated delta rule, as an inference engine does: `cargo run`. With TVM FFI's
//! library, the same kernel is called through it as well: `cargo run -- .../libtvm_ffi.so`.

mod cuda;
mod tvm_ffi;

#[path = "../../../generated/mod.rs"]
mod kernels;

use kernels::qwen35::gated_delta_rule::{self, gated_delta_rule_chunk_solve_launch};
use kernels::tritonbind::{DevicePtr, Stream};

const SOLVE: &str = "pegainfer.triton_cubin.qwen35.gated_delta_rule_chunk_solve";
const TOKENS: usize = 64;
const HEADS: usize = 2;
type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let device = cuda::Device::open(0)?;
    let a = below_the_diagonal();
    let a_tril = device.copy_of(&a)?;
    let solved = device.zeros::<u16>(a.len())?;
    let (from, to) = unsafe { (DevicePtr::new(a_tril), DevicePtr::new(solved)) };

    gated_delta_rule_chunk_solve_launch(Stream::LEGACY, from, to, TOKENS as i32, HEADS as i32)?;
    println!("plain C: {}", described(&device.read(solved, a.len())?, &a));

    let odd = unsafe { DevicePtr::new(a_tril + 1) };
    match gated_delta_rule_chunk_solve_launch(Stream::LEGACY, odd, to, TOKENS as i32, HEADS as i32)
    {
        Ok(()) => return Err("an address between two elements was taken".into()),
        Err(error) => println!("refused: {error}"),
    }

    if let Some(path) = std::env::args().nth(1) {
        let ffi = tvm_ffi::TvmFfi::open(&path)?;
        println!("registered: {}", gated_delta_rule::register()?);
        for name in ffi
            .global_names()?
            .iter()
            .filter(|name| name.starts_with("pegainfer."))
        {
            println!("global: {name}");
        }
        let again = device.zeros::<u16>(a.len())?;
        let arguments = [
            tvm_ffi::Any::address(a_tril),
            tvm_ffi::Any::address(again),
            tvm_ffi::Any::int(TOKENS as i64),
            tvm_ffi::Any::int(HEADS as i64),
        ];
        ffi.global(SOLVE)?.call(&arguments)?;
        println!("TVM FFI: {}", described(&device.read(again, a.len())?, &a));
    }
    Ok(())
}

/// [TOKENS, HEADS, 64]: for each head a matrix with zeros on and above its diagonal.
fn below_the_diagonal() -> Vec<f32> {
    let mut a = vec![0.0; TOKENS * HEADS * 64];
    for row in 0..TOKENS {
        for head in 0..HEADS {
            for column in 0..row {
                let value = ((row * 7 + column * 3 + head) % 11) as f32;
                a[(row * HEADS + head) * 64 + column] = (value - 5.0) / 50.0;
            }
        }
    }
    a
}

/// How far (1 + A) T is from 1, for T of bf16.
fn described(solved: &[u16], a: &[f32]) -> String {
    let at = |row: usize, head: usize, column: usize| (row * HEADS + head) * 64 + column;
    let t = |place: usize| f64::from(f32::from_bits(u32::from(solved[place]) << 16));
    let mut farthest = 0.0_f64;
    for head in 0..HEADS {
        for row in 0..TOKENS {
            for column in 0..TOKENS {
                let mut sum = t(at(row, head, column)) - f64::from(u8::from(row == column));
                for inner in 0..row {
                    sum += f64::from(a[at(row, head, inner)]) * t(at(inner, head, column));
                }
                farthest = farthest.max(sum.abs());
            }
        }
    }
    format!("(1 + A) T is {farthest:.4} from 1")
}
