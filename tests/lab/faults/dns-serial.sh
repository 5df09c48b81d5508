# A zone was changed, and CoreDNS answers the old one.
# with coredns_acl.py
C=/opt/gbo/conf/Corefile Z=/opt/gbo/data/acme.test.zone B=/opt/gbo/bin/standin
inside() { lxc exec acme-dns -- "$@" </dev/null; }
answers() { until inside dig +short +time=1 +tries=1 @127.0.0.1 acme.test | grep -q .; do :; done; }
# A CoreDNS that keeps to its acl, and reads its files when it is told to.
strict() {
  inside mv -n $B/dns.py $B/dns_plain.py
  lxc exec acme-dns -- sh -c "cat >$B/dns.py" </run/coredns_acl.py
  inside systemctl restart dns.service
  answers
}
inject() {
  inside sh -c "cp -p $C /root/fault-corefile; cp -p $Z /root/fault-zone"
  inside sed -i "/^    acl {/,/^    }/d; s/^    cache/    acl {\n        block type ANY net 127.0.0.0\/8\n        allow net 10.0.0.0\/8 127.0.0.0\/8\n        allow type A AAAA MX TXT CAA NS SOA\n        block\n    }\n&/" $C
  strict
  inside sed -i s/2026031801/2026031802/ $Z
  inside touch -d "-10 minutes" $Z
}
undo() {
  inside mv /root/fault-corefile $C
  inside mv /root/fault-zone $Z
  inside mv $B/dns_plain.py $B/dns.py
  inside systemctl restart dns.service
  answers
}
"$1"
