"""A program with a launch of every kind, to be recorded."""

PROGRAM = """
    from triton.tools.tensor_descriptor import TensorDescriptor


    def measured(call, quantiles):
        for _ in range(5):
            call()
        return [1.0, 1.0, 1.0]


    CONFIGS = [triton.Config({"BLOCK": 32}, num_warps=2), triton.Config({"BLOCK": 64})]


    @triton.heuristics({"EVEN": lambda given: given["n"] % 16 == 0})
    @triton.autotune(CONFIGS, key=["n"], do_bench=measured)
    @triton.jit
    def tuned(x, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), n + EVEN)


    for n in (64, 100, 64):
        tuned[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](Tensor(n), n)


    class Derived(triton.runtime.Autotuner):
        def run(self, *args, **kwargs):
            self.cache.pop("other", None)
            return super().run(*args, **kwargs)


    class Around:
        def __init__(self, fn):
            self.fn, self.arg_names = fn, fn.arg_names

        def run(self, *args, **kwargs):
            return self.fn.run(*args, **kwargs)


    @triton.heuristics({"EVEN": lambda given: True})
    @lambda fn: Around(fn)
    @lambda fn: Derived(fn, fn.arg_names, CONFIGS, ["n"], None, None, do_bench=measured)
    @triton.jit
    def derived(x, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), n + EVEN)


    derived[(3,)](Tensor(9), 9)


    def make(steps):
        @triton.jit
        def made(x):
            for step in tl.static_range(steps):
                tl.store(x + step, step)

        return made


    for steps in (tl.constexpr(2), tl.constexpr(3), tl.constexpr(3)):
        make(steps)[(1,)](Tensor(4))


    @triton.jit
    def nested(pair, n, BLOCK: tl.constexpr):
        tl.store(pair[0] + tl.arange(0, BLOCK), pair[1] + n)


    for second in (32, 48, 48):
        nested[(1,)]((Tensor(8, dtype="fp16"), second, None), 7, BLOCK=32)


    @triton.jit
    def described(source, x, BLOCK: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), tl.sum(source.load([0, 0]), 0).to(tl.float32))


    class Strided(Tensor):
        def stride(self, *axis):
            return (self.shape[1], 1)[axis[0]] if axis else (self.shape[1], 1)

    class Dtype(str):
        itemsize = 2
        is_floating_point = True

    base = Strided(64, 128, dtype=Dtype("torch.float16"))
    try:
        described[(1,)](TensorDescriptor.from_tensor(base, [16, 32]), Tensor(32), BLOCK=32)
    except ModuleNotFoundError:  # Triton 3.4 makes descriptors with torch
        pass


    @triton.jit
    def low(value):
        return value + 1


    @triton.jit
    def all_types(
        x: "const *fp32", out, none, flag, one, small, odd, wide, unsigned, number, double: "fp64",
        DTYPE: tl.constexpr, FUNCTION: tl.constexpr, TUPLE: tl.constexpr, NAME: tl.constexpr,
        REAL: tl.constexpr, NOTHING: tl.constexpr, TRUE: tl.constexpr = True,
    ):
        total = one + small + odd + wide + number + double + flag + TUPLE[0] + REAL
        tl.store(out, FUNCTION(tl.load(x) + total).to(DTYPE) + unsigned.to(DTYPE))


    all_types[(1,)](
        Tensor(8), Tensor(8, address=4104), None, True, 1, 16, 7, 2**40, 2**63, 0.5, 0.25,
        DTYPE=tl.int32, FUNCTION=low, TUPLE=(3, "a", None), NAME="text", REAL=1.5, NOTHING=None,
        num_warps=8, num_stages=1, num_ctas=1, maxnreg=64, debug=True,
    )


    @triton.jit
    def direct(x, n, BLOCK: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), n)


    direct.warmup(Tensor(8), 5, BLOCK=32, grid=(1,))
    direct.run(Tensor(8), 5, BLOCK=32, grid=(2,), warmup=True)
    direct.run(Tensor(8), 5, BLOCK=32, grid=(2,), warmup=False)
    compiled = direct.warmup(Tensor(8), 6, BLOCK=64, grid=(1,))
    compiled[(3, 1, 1)](Tensor(8), 6, 64)
    compiled[(4, 1, 1)](Tensor(8), 6, 64)
    direct[(5,)](Tensor(8), 6, BLOCK=64)
    try:
        direct[(1,)](Tensor(8), object(), BLOCK=32)
    except TypeError:
        print("refused")
    print(tuned.fn.cache.get((64, "torch.float32")))
"""
