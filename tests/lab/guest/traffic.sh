#!/bin/bash
# traffic.sh [COUNT] [device|direct] [URL-PATH] [HOST]
# A bounded burst of requests from the attacker namespace (at most 500, 60 s in all).
#   device: through LXD's proxy device on the host's port 80 (Caddy sees 127.0.0.1)
#   direct: routed to the proxy container (Caddy sees 10.99.0.2, so a ban can happen)
# Without HOST, hosts and paths vary so that 2xx, 3xx, 4xx and 5xx all appear.
set -eu
count=${1:-40} way=${2:-device} path=${3:-} host=${4:-}
[ "$count" -le 500 ] || count=500
case $way in
  device) target=10.99.0.1 ;;
  direct) target=10.77.0.30 ;;
  *) echo 'traffic.sh: device or direct' >&2; exit 2 ;;
esac
sites=(www.acme.test/ shop.acme.test/cart git.acme.test/missing git.acme.test/private/x
  broken.acme.test/ www.acme.example/old api.acme.test/health bot.acme.test/ unknown.test/)
# One curl process for the whole burst: process starts dominate under emulation.
for ((i = 0; i < count; i++)); do
  site=${sites[i % ${#sites[@]}]}
  printf 'next\nurl = "http://%s%s"\nheader = "Host: %s"\noutput = /dev/null\n' \
    "$target" "${path:-/${site#*/}}?n=$i" "${host:-${site%%/*}}"
  printf 'silent\nmax-time = 5\nuser-agent = "lab-traffic"\nwrite-out = "%%{http_code}\\n"\n'
done | sed 1d | timeout 60 ip netns exec attacker curl -K - | sort | uniq -c
