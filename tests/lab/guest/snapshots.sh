#!/bin/bash
# Both kinds of snapshots (LXD's and raw ZFS), a hold, and a row whose dataset is gone.
set -eu
DATASETS=default/containers
day() { date -d "-$1 days" +%Y-%m-%d; }

lxc snapshot acme-system pre-upgrade
for ago in 3 2 1; do
  # Deleted afterwards, so that the snapshots hold space of their own.
  lxc exec acme-system -- dd if=/dev/urandom of=/opt/gbo/data/churn bs=1M count=$((ago * 4)) \
    status=none </dev/null
  sync
  zfs snapshot "$DATASETS/acme-system@daily-$(day $ago)"
  zfs snapshot "$DATASETS/acme-tables@daily-$(day $ago)"
  zfs snapshot "$DATASETS/acme-alm-ci@daily-$(day $ago)"
done
lxc exec acme-system -- rm /opt/gbo/data/churn </dev/null
zfs hold keep "$DATASETS/acme-system@daily-$(day 2)"
for name in acme-proxy acme-email acme-tables acme-webmail acme-drive; do
  lxc snapshot "$name" "daily-$(day 1)"
done
# A row without a dataset: what a raw `zfs destroy` of LXD's own snapshot leaves behind.
lxc snapshot acme-webmail orphan
zfs destroy "$DATASETS/acme-webmail@snapshot-orphan"
