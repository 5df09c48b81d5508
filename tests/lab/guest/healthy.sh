#!/bin/bash
# Waits until every role answers its own probe; names the one that does not.
set -eu
LIMIT=${LIMIT:-300}
inside() { timeout 20 lxc exec "acme-$1" -- "${@:2}" </dev/null >/dev/null 2>&1; }
ok200() { inside "$1" curl -fsk -m 5 -o /dev/null "$2"; }
# until_ok WHAT COMMAND...
until_ok() {
  local what=$1
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$LIMIT" ] || { echo "not healthy: $what" >&2; exit 1; }
  done
}
until_ok proxy inside proxy curl -fs -m 5 -H 'Host: www.acme.test' http://127.0.0.1/
until_ok 'proxy tls' inside proxy curl -fsk -m 5 --resolve secure.acme.test:443:127.0.0.1 \
  https://secure.acme.test/
until_ok 'proxy jail' inside proxy fail2ban-client status caddy-http-flood
until_ok 'email jail' inside email fail2ban-client status stalwart
until_ok valkey inside system valkey-cli ping
until_ok botui ok200 system http://127.0.0.1:5859/health
until_ok vault ok200 system https://127.0.0.1:8200/v1/sys/health
# The botserver looks for its cache once: restart it if it was faster than Valkey.
ok200 system http://127.0.0.1:5858/health || inside system systemctl restart system.service
until_ok botserver ok200 system http://127.0.0.1:5858/health
until_ok tables inside system psql -h localhost -U gbuser -d botserver -tc 'SELECT 1'
until_ok alm ok200 alm http://127.0.0.1:3000/api/healthz
until_ok runner inside alm-ci systemctl is-active alm-ci-runner
until_ok drive ok200 drive http://127.0.0.1:9000/minio/health/live
until_ok table-editor ok200 table-editor http://127.0.0.1:8080/
until_ok webmail ok200 webmail http://127.0.0.1/
until_ok dns inside dns dig +short +timeout=2 @127.0.0.1 www.acme.test
until_ok 'dns from outside' dig +short +timeout=2 @10.0.2.15 www.acme.test
until_ok email inside email bash -c 'exec 3<>/dev/tcp/127.0.0.1/25; head -1 <&3 | grep -q 220'
