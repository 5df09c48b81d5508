#!/bin/bash
# OpenZFS modules for the guest kernel KV, compiled by dkms in a throw-away chroot and
# packed as one small .deb: the compilation is the slowest step and depends on KV only.
set -euo pipefail
. "$(dirname "$0")/common.sh"
: "${KV:?}" "${OUT:?}"
root=$OUT/root
trap 'mountpoint -q "$root/proc" && umount "$root/proc"; rm -rf "$root" "$OUT/deb"' EXIT
mmdebstrap --variant=apt "${SLIM[@]}" \
  --include="linux-headers-$KV,build-essential,dkms,kmod,zstd,openssl" \
  "$SUITE" "$root" "${SOURCES[@]}"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" apt-get update -qq
chroot "$root" apt-get install -y --no-install-recommends zfs-dkms
version=$(chroot "$root" dpkg-query -W -f '${Version}' zfs-dkms)
chroot "$root" dkms status | grep -q "$KV.*installed" ||
  chroot "$root" dkms install "zfs/${version%%-*}" -k "$KV"

pkg=$OUT/deb
mkdir -p "$pkg/DEBIAN" "$pkg/usr/lib/modules/$KV"
cp -a "$root/lib/modules/$KV/updates" "$pkg/usr/lib/modules/$KV/"
cat >"$pkg/DEBIAN/control" <<C
Package: zfs-modules-prebuilt
Version: $version+k${KV//[-_]/.}
Architecture: amd64
Maintainer: lab <lab@localhost>
Provides: zfs-modules
Depends: linux-image-$KV
Description: OpenZFS ${version%%-*} kernel modules prebuilt for $KV
C
printf '#!/bin/sh\ndepmod %s\n' "$KV" >"$pkg/DEBIAN/postinst"
chmod 755 "$pkg/DEBIAN/postinst"
dpkg-deb -Zxz --root-owner-group -b "$pkg" "$OUT/zfs-modules.deb"
