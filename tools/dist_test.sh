#!/usr/bin/env bash
# Usage: dist_test.sh CONFIG CHECKPOINT GPUS [further flags of tools/test.py]
# Starts one process per GPU; on a machine without GPUs, the same number of CPU processes.
set -euo pipefail
CONFIG=$1
CHECKPOINT=$2
PROCESSES=$3
"${PYTHON:-python}" -m torch.distributed.run --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" --nproc_per_node="$PROCESSES" \
    "$(dirname "$0")/test.py" "$CONFIG" "$CHECKPOINT" --launcher pytorch "${@:4}"
