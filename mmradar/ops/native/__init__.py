"""The native CPU kernels: building them, passing tensors to them, distributing their work over threads."""

from mmradar.ops.native.library import load_native_library, native_library_missing, require_native_library
from mmradar.ops.native.parallel import parts_of, run_kernel
from mmradar.ops.native.tokens import Tokens, address, side_by_side, token_type

__all__ = [
    'Tokens',
    'address',
    'load_native_library',
    'native_library_missing',
    'parts_of',
    'require_native_library',
    'run_kernel',
    'side_by_side',
    'token_type',
]
