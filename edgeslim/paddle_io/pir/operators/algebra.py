"""Matrix products, decompositions, Fourier transforms."""

from __future__ import annotations

from edgeslim.paddle_io.pir.rows import Row, row

__all__ = ["ROWS"]

ROWS: dict[str, Row] = {
    "addmm": row("addmm", "Input X Y", "Out", "beta=Beta:float alpha=Alpha:float"),
    "as_complex": row("as_complex", "X", "Out"),
    "as_real": row("as_real", "X", "Out"),
    "baddbmm": row("baddbmm", "Input X Y", "Out", "beta=Beta:float alpha=Alpha:float"),
    "bilinear": row("bilinear_tensor_product", "X Y Weight Bias", "Out"),
    "bmm": row("bmm", "X Y", "Out"),
    "cholesky": row("cholesky", "X", "Out", "upper:bool"),
    "cholesky_solve": row("cholesky_solve", "X Y", "Out", "upper:bool"),
    "complex": row("complex", "X Y", "Out"),
    "conj": row("conj", "X", "Out"),
    "cross": row("cross", "X Y", "Out", "axis=dim:int"),
    "det": row("determinant", "Input", "Out"),
    "dot": row("dot", "X Y", "Out"),
    "eigh": row("eigh", "X", "Eigenvalues Eigenvectors", "UPLO:str"),
    "eigvalsh": row("eigvalsh", "X", "Eigenvalues Eigenvectors", "uplo=UPLO:str is_test:bool"),
    "einsum": row("einsum", "Operands", "Out InnerCache XShape", "equation:str"),
    "fft_c2c": row("fft_c2c", "X", "Out", "axes:longs normalization:str forward:bool"),
    "fft_c2r": row(
        "fft_c2r",
        "X",
        "Out",
        "axes:longs normalization:str forward:bool last_dim_size:long",
    ),
    "fft_r2c": row(
        "fft_r2c",
        "X",
        "Out",
        "axes:longs normalization:str forward:bool onesided:bool",
    ),
    "imag": row("imag", "X", "Out"),
    "inverse": row("inverse", "Input", "Output"),
    "lu": row("lu", "X", "Out Pivots Infos", "pivot=pivots:bool"),
    "lu_unpack": row("lu_unpack", "X Pivots", "Pmat L U", "unpack_ludata:bool unpack_pivots:bool"),
    "matmul": row("matmul_v2", "X Y", "Out", "transpose_x=trans_x:bool transpose_y=trans_y:bool"),
    "matmul_with_flatten": row("mul", "X Y", "Out", "x_num_col_dims:int y_num_col_dims:int"),
    "matrix_power": row("matrix_power", "X", "Out", "n:int"),
    "matrix_rank": row("matrix_rank", "X", "Out", "tol:float use_default_tol:bool hermitian:bool"),
    "multi_dot": row("multi_dot", "X", "Out"),
    "mv": row("mv", "X Vec", "Out"),
    "qr": row("qr", "X", "Q R", "mode:str"),
    "real": row("real", "X", "Out"),
    "slogdet": row("slogdeterminant", "Input", "Out"),
    "solve": row("solve", "X Y", "Out"),
    "stft": row(
        "stft",
        "X Window",
        "Out",
        "n_fft:int hop_length:int normalized:bool onesided:bool",
    ),
    "svd": row("svd", "X", "U S VH", "full_matrices:bool"),
    "triangular_solve": row(
        "triangular_solve",
        "X Y",
        "Out",
        "upper:bool transpose:bool unitriangular:bool",
    ),
    "viterbi_decode": row(
        "viterbi_decode",
        "Input Transition Length",
        "Scores Path",
        "include_bos_eos_tag:bool",
    ),
}
