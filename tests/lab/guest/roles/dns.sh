. "${0%/*}/common.sh"
cat >"$GBO/conf/Corefile" <<C
acme.test:53 {
    file /opt/gbo/data/acme.test.zone
    acl {
        allow type ANY net 10.0.0.0/8 127.0.0.0/8
        allow type A net 0.0.0.0/0
        allow type AAAA net 0.0.0.0/0
        allow type MX net 0.0.0.0/0
        block
    }
    cache
    errors
}
C
cat >"$GBO/data/acme.test.zone" <<'Z'
acme.test. 300 IN SOA ns1.acme.test. hostmaster.acme.test. 2026031801 7200 900 1209600 300
acme.test. 300 IN NS ns1.acme.test.
acme.test. 300 IN A 203.0.113.10
acme.test. 300 IN MX 10 mail.acme.test.
acme.test. 300 IN TXT "v=spf1 mx -all"
ns1.acme.test. 300 IN A 203.0.113.10
mail.acme.test. 300 IN A 203.0.113.10
chat.acme.test. 300 IN A 203.0.113.10
www.acme.test. 300 IN A 203.0.113.10
Z
# The stub resolver holds 127.0.0.53:53, which keeps a listener on every address from starting.
install -d /etc/systemd/resolved.conf.d
printf '[Resolve]\nDNSStubListener=no\n' >/etc/systemd/resolved.conf.d/no-stub.conf
systemctl restart systemd-resolved
standin dns coredns coredns
