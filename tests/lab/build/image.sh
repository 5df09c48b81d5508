#!/bin/bash
# The one LXD image of the twin: every package a role may need, every service disabled.
# (Ten containers from one image share its blocks on ZFS; roles only switch things on.)
set -euo pipefail
. "$(dirname "$0")/common.sh"
: "${OUT:?}"
tree=$OUT/tree
trap 'rm -rf "$tree"' EXIT
mkdir "$tree"
# Big files no role uses: PostgreSQL's JIT compiler, locale sources, hardware names.
unused=()
for path in 'lib/x86_64-linux-gnu/libLLVM*' 'lib/x86_64-linux-gnu/libz3*' 'share/i18n/locales/*' \
  'lib/udev/hwdb.d/*' 'lib/x86_64-linux-gnu/perl/*/CORE/*'; do
  unused+=(--dpkgopt="path-exclude=/usr/$path")
done
mmdebstrap --variant=minbase "${SLIM[@]}" "${unused[@]}" \
  --include="$(packages "$HERE/image.list")" \
  --customize-hook="copy-in $HERE/image-chroot.sh /root" \
  --customize-hook='chroot "$1" sh /root/image-chroot.sh; rm "$1/root/image-chroot.sh"' \
  "$SUITE" "$tree/rootfs" "${SOURCES[@]}"
rm -rf "$tree"/rootfs/var/{lib/apt/lists,cache/apt}/* "$tree/rootfs/usr/lib/udev/hwdb.bin"
cat >"$tree/metadata.yaml" <<M
architecture: x86_64
creation_date: $(date +%s)
properties: {os: Debian, release: $SUITE, description: container image of the lab twin}
templates: {}
M
tar -C "$tree" --exclude='rootfs/dev/*' --numeric-owner --xattrs -I 'zstd -3 -T2' \
  -cf "$OUT/image.tar.zst" metadata.yaml rootfs
