"""The native CPU kernels: building them, handing tensors over, sharing out the work."""

from mmradar.ops.native.library import load_native_library, native_library_missing
from mmradar.ops.native.parallel import parts_of, run_kernel
from mmradar.ops.native.tokens import Tokens, address, side_by_side, token_type

__all__ = [
    'Tokens',
    'address',
    'load_native_library',
    'native_library_missing',
    'parts_of',
    'run_kernel',
    'side_by_side',
    'token_type',
]
