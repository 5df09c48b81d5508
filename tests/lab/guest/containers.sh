#!/bin/bash
# LXD on ZFS and ten running, empty containers of the tenant acme.
set -eu
cd "$(dirname "$0")"
. ./step.sh

step 'LXD'
lxd init --preseed <<'Y'
config: {images.auto_update_interval: "0"}
networks:
- name: lxdbr0
  type: bridge
  config: {ipv4.address: 10.77.0.1/24, ipv4.nat: "true", ipv4.dhcp.expiry: 8760h, ipv6.address: none}
storage_pools:
- name: default
  driver: zfs
  config: {source: /dev/vdb, zfs.pool_name: default}
profiles:
- name: default
  config: {security.nesting: "true", raw.apparmor: "userns,", boot.autostart: "true"}
  devices:
    root: {path: /, pool: default, type: disk}
    eth0: {name: eth0, network: lxdbr0, type: nic}
- name: ci-cache
  description: shared build cache
  devices:
    cache: {type: disk, source: /srv/ci-cache, path: /var/cache/ci}
Y
step 'container image'
lxc image import image.tar.zst --alias acme-base
install -d -o 1001000 -g 1001000 /srv/ci-cache

# container ROLE LAST-OCTET [config line] [lxc flags]
container() {
  printf 'description: acme %s\nconfig:\n  user.role: %s\n%s\ndevices:\n%s\n' "$1" "$1" "${3:-}" \
    "  eth0: {type: nic, name: eth0, network: lxdbr0, ipv4.address: 10.77.0.$2}" |
    lxc init --quiet acme-base "acme-$1" ${4:-}
}

step 'ten containers'
container proxy 30 '  limits.memory: 256MiB' &
container system 185 '  security.privileged: "true"' &
container alm 40 &
container alm-ci 41 '' '--profile default --profile ci-cache' &
container email 50 &
wait
container dns 53 &
container drive 60 &
container tables 70 &
container table-editor 71 &
container webmail 80 &
wait
[ "$(lxc list -f csv -c n | wc -l)" = 10 ]

step 'starting them'
# Two at a time: ten boots at once on two emulated processors take twice as long.
boot() {
  lxc start "$1"
  # Waits inside; asked again only while the container's bus is not there yet.
  until lxc exec "$1" -- systemctl is-system-running --wait </dev/null 2>/dev/null |
    grep -qE 'running|degraded'; do :; done
  until lxc list "$1" -f csv -c 4 | grep -q eth0; do :; done
  step "$1 is up"
}
export -f boot step
lxc list -f csv -c n | xargs -P2 -I{} bash -eu -c 'boot {}'
