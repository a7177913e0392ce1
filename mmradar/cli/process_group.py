"""End of a distributed script."""

from __future__ import annotations

import gc
import sys


def end_process_group() -> None:
    """End the process group, if there is one, and its threads; all processes must call this together.

    A process that leaves early closes connections that the others still use. Destroying the group is not enough: the
    objects of a training refer to each other and still hold it, so its threads may outlive the interpreter, and one
    that then asks for the interpreter's lock aborts the process.
    """
    if 'torch' not in sys.modules:  # a script that did not need it
        return
    import torch

    if not torch.distributed.is_initialized():
        return
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    gc.collect()
