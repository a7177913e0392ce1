#!/usr/bin/env bash
# Usage: dist_train.sh CONFIG GPUS [further flags of tools/train.py]
# Starts one process per GPU; on a machine without GPUs, the same number of CPU processes.
set -euo pipefail
CONFIG=$1
PROCESSES=$2
"${PYTHON:-python}" -m torch.distributed.run --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$PROCESSES" \
    "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "${@:3}"
