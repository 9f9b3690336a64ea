#[path = "../../generated/build.rs"]
mod kernels;

fn main() {
    kernels::build("../../generated");
}
