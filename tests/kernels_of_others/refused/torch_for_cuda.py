"""A conversion of torchao to mxfp8, which the package defines only beside a torch for CUDA."""

from torchao.prototype.mx_formats.kernels import to_mxfp8_dim0_kernel

from codegen.export import export

REASON = "cannot import name 'to_mxfp8_dim0_kernel'"

export("refused.torch_for_cuda", grid="explicit")(to_mxfp8_dim0_kernel)
