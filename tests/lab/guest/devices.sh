#!/bin/bash
# The guide's proxy devices. Added one container at a time on an idle machine: LXD gives each
# listener a few seconds to start, which ten booting containers under emulation would use up.
set -eu

# forward ROLE ADDRESS PROTOCOL PORT...
forward() {
  local role=$1 address=$2 protocol=$3 suffix=
  shift 3
  [ "$protocol" = tcp ] || suffix=-$protocol
  for port in "$@"; do
    lxc config device add "acme-$role" "port-$port$suffix" proxy \
      "listen=$protocol:$address:$port" "connect=$protocol:127.0.0.1:$port" >/dev/null
  done
}

forward proxy 0.0.0.0 tcp 80 443
forward email 0.0.0.0 tcp 25 465 587 993 995 143 110 4190
# dnsmasq owns port 53 of the bridge address, so these listen on the outer address only.
forward dns 10.0.2.15 tcp 53
forward dns 10.0.2.15 udp 53
