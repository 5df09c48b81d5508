#!/bin/bash
# Prints the kernel version the guest would get today (the module stage is keyed by it).
# Uses a private apt state under OUT, so the machine's own lists stay untouched.
set -euo pipefail
. "$(dirname "$0")/common.sh"
mkdir -p "$OUT"/{lists/partial,cache/archives/partial,etc}
printf '%s\n' "${SOURCES[@]}" >"$OUT/etc/sources.list"
: >"$OUT/etc/status"
apt=(-o "Dir::Etc::sourcelist=$OUT/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::lists=$OUT/lists" -o "Dir::State::status=$OUT/etc/status"
  -o "Dir::Cache=$OUT/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64
  -o Dir::Etc::trustedparts=/usr/share/keyrings -o Acquire::Languages=none)
apt-get "${apt[@]}" -qq update >&2
apt-cache "${apt[@]}" depends linux-image-cloud-amd64 |
  sed -n 's/^ *Depends: linux-image-\([0-9].*\)$/\1/p' | head -1
