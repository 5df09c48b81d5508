#!/bin/bash
# The guest's root disk: kernel with the prebuilt ZFS modules, LXD, the operator's user and key.
# Results: root.qcow2 (read-only backing file), vmlinuz, initrd.img, host_keys.pub.
set -euo pipefail
. "$(dirname "$0")/common.sh"
: "${OUT:?}" "${KV:?}" "${MODULE:?}" "${PUBKEY:?}"
root=$OUT/root
trap 'rm -rf "$root" "$OUT/root.raw"' EXIT
mmdebstrap --variant=apt "${SLIM[@]}" \
  --include="linux-image-$KV,$(packages "$HERE/root.list"),$MODULE" \
  --hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount \
  --customize-hook="copy-in $HERE/root-chroot.sh /root" \
  --customize-hook="upload $PUBKEY /root/operator.pub" \
  --customize-hook='chroot "$1" sh /root/root-chroot.sh; rm "$1/root/root-chroot.sh"' \
  "$SUITE" "$root" "${SOURCES[@]}"
cat "$root"/etc/ssh/ssh_host_*_key.pub >"$OUT/host_keys.pub"
cp "$root/boot/vmlinuz-$KV" "$OUT/vmlinuz"
cp "$root/boot/initrd.img-$KV" "$OUT/initrd.img"
rm -rf "$root"/var/cache/apt/*
truncate -s 8G "$OUT/root.raw"
mke2fs -q -t ext4 -L root -O ^has_journal -E lazy_itable_init=1 -d "$root" "$OUT/root.raw"
qemu-img convert -f raw -O qcow2 "$OUT/root.raw" "$OUT/root.qcow2"
