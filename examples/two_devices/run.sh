#!/usr/bin/env bash
# The most accurate network within a limit on two devices. The second is this machine once more,
# under the profile device_profiles/second.toml, so that this runs anywhere. Everything goes into
# runs/two_devices; the same command continues there.
#
#     LIMIT=80% BUDGET=40 CANDIDATES=4 bash examples/two_devices/run.sh
set -euo pipefail
limit=${LIMIT:-80%}     # of what the start of the space takes on each device
budget=${BUDGET:-40}    # operators that are measured; others are interpolated
candidates=${CANDIDATES:-4}
runs=$PWD/runs/two_devices
cd "$(dirname "$0")"    # where device_profiles/ is
mkdir -p "$runs"

# A table for each device.
for device in host second; do
    edgeslim profile --device "$device" --space resnet-small \
        --budget "$budget" --networks 3 --out "$runs/$device.jsonl"
done

# A limit for each table. No candidate is predicted to exceed either, and the winner is measured
# on both.
edgeslim search --space resnet-small --task digits \
    --target-latency "$limit" --table "$runs/host.jsonl" \
    --target-latency "$limit" --table "$runs/second.jsonl" \
    --candidates "$candidates" --epochs 1 --out "$runs/found"

edgeslim deploy "$runs/found" --baseline start --rounds 4
edgeslim report "$runs/found"
