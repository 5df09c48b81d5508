#!/bin/bash
# Turns ten running, empty containers into the twin; run once, then the machine's state is saved.
set -eu
cd "$(dirname "$0")"
. ./step.sh

# Everything a role needs goes in as one stream; its script then runs inside.
apply_role() {
  local name=acme-$1
  tar -c standin roles | lxc exec "$name" -- tar -x -C /opt/gbo/bin --no-same-owner
  lxc exec "$name" -- sh "/opt/gbo/bin/roles/$1.sh" </dev/null
  lxc exec "$name" -- rm -r /opt/gbo/bin/roles </dev/null
  step "role $1"
}
export -f apply_role step

step 'roles'
printf '%s\n' tables proxy system email dns drive alm alm-ci table-editor webmail |
  xargs -P3 -I{} bash -eu -c 'apply_role {}'
step 'proxy devices'
./devices.sh
step 'host firewall and attacker'
./host.sh
step 'snapshots'
./snapshots.sh
step 'waiting for health'
./healthy.sh
step 'done'
