"""``edgeslim runner``: builds the program that times models on devices without Python."""

from __future__ import annotations

import dataclasses

import msgspec
import typer

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.deployment.user_benchmark import BenchmarkRequest, benchmark
from edgeslim.durations import format_ms
from edgeslim.runner.build import PROGRAM, RunnerRequest, build_runner
from edgeslim.runner.build_targets import BUILD_TARGETS

__all__ = ["app"]

_OF_THE_C_LIBRARY = ("ld-", "libc.", "libdl.", "libm.", "libpthread.", "librt.")

app = typer.Typer(
    help="The runner for devices without Python.", no_args_is_help=True, add_completion=False
)


@app.command("build")
@with_options
def build(request: RunnerRequest, as_json: Json = False) -> None:
    """Compile the native runner for a device.

    Debian's compilers for armv7hf make Thumb code. The runner works in it; Paddle-Lite's sources
    with NEON assembly, and your own code that includes them, need -marm.

    Example: edgeslim runner build --target linux-armv7hf
    --sdk inference_lite_lib.armlinux.armv7hf.gcc.with_extra
    """
    folder, built = build_runner(request)
    note = BUILD_TARGETS[request.target].note
    if as_json:
        print_json({"runner": {"folder": folder, **msgspec.structs.asdict(built), "note": note}})
        return
    print_lines(f"built {folder / PROGRAM} for {built.machine}")
    if built.loader:
        print_lines("it brings all its libraries; the device needs only a Linux kernel")
    if built.glibc:
        print_lines(
            f"the device needs glibc {built.glibc} or newer (ldd --version there); for an older "
            "one build it --self-contained, or name an older compiler with --compiler"
        )
    beside = [name for name in built.needs if not name.startswith(_OF_THE_C_LIBRARY)]
    if beside and built.glibc:
        print_lines(f"and {', '.join(beside)}; edgeslim doctor says which of them are missing")
    if built.max_threads:
        print_lines(f"its library runs models with {built.max_threads} thread only")
    if note:
        print_lines(note)


@app.command("benchmark")
@with_options
def own_tool(request: BenchmarkRequest, as_json: Json = False) -> None:
    """Time a whole model with Paddle-Lite's own benchmark_bin; the result enters no table.

    Example: edgeslim runner benchmark mobilenet-v2 --program benchmark_bin --device android
    """
    times = benchmark(request)
    if as_json:
        print_json({"times": dataclasses.asdict(times)})
        return
    print_lines(
        f"average {format_ms(times.average_ms)}, from {format_ms(times.minimum_ms)} to "
        f"{format_ms(times.maximum_ms)} in {times.repeats} runs; first {format_ms(times.first_ms)}"
    )
