#!/usr/bin/env bash
# The most accurate network within a limit on two devices: this machine with one thread and with
# two. Everything goes into runs/search_two_devices; the same command continues there.
set -euo pipefail
runs=runs/search_two_devices
mkdir -p "$runs"

# A table for each device. A larger budget measures more operators and interpolates fewer.
edgeslim profile --device host --threads 1 --space resnet-small --budget 60 --networks 3 --out "$runs/one.jsonl"
edgeslim profile --device host --threads 2 --space resnet-small --budget 60 --networks 3 --out "$runs/two.jsonl"

# A limit for each table: 80 % of what the start of the space takes there. No candidate is
# predicted to be beyond either, and the winner is measured on both.
edgeslim search --space resnet-small --task digits \
    --target-latency 80% --table "$runs/one.jsonl" \
    --target-latency 80% --table "$runs/two.jsonl" \
    --candidates 4 --epochs 1 --out "$runs/found"

edgeslim deploy "$runs/found" --baseline start --rounds 4
edgeslim report "$runs/found"
